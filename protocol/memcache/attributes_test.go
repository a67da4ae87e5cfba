package memcache

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

func TestAttributes(t *testing.T) {
	week := "\x00\x09\x3a\x80"
	for _, tt := range []struct{ request, want string }{
		{"get a\r\n", "command=get key=a keys=1 noreply=false dialect=text"},
		{"gets  a bb ccc\r\n", "command=gets key=a keys=3 noreply=false dialect=text"},
		{"gat 60 a b\r\n", "command=gat key=a keys=2 exptime=60 noreply=false dialect=text"},
		{"set cart:1 7 -1 5 noreply\r\nhello\r\n", "command=set key=cart:1 keys=1 flags=7 exptime=-1 size=5 noreply=true dialect=text"},
		{"cas a 0 0 1 99\r\nx\r\n", "command=cas key=a keys=1 flags=0 exptime=0 size=1 noreply=false dialect=text"},
		{"touch a 60\r\n", "command=touch key=a keys=1 exptime=60 noreply=false dialect=text"},
		{"delete a\r\n", "command=delete key=a keys=1 noreply=false dialect=text"},
		{"incr a 5\r\n", "command=incr key=a keys=1 noreply=false dialect=text"},
		{"flush_all 10\r\n", "command=flush_all exptime=10 noreply=false dialect=text"},
		{"stats items\r\n", "command=stats noreply=false dialect=text"},
		{"version\r\n", "command=version noreply=false dialect=text"},
		{"get\r\n", "command=get keys=0 noreply=false dialect=text"},
		{"foo bar\r\n", "command=foo noreply=false dialect=text"},
		{"mg a v T30 O12 q\r\n", "command=mg key=a keys=1 flags=v T30 O12 q exptime=30 noreply=true opaque=12 dialect=meta"},
		{"ms a 5 T30 F7\r\nhello\r\n", "command=ms key=a keys=1 flags=T30 F7 exptime=30 size=5 noreply=false dialect=meta"},
		{"mn\r\n", "command=mn noreply=false dialect=meta"},
		{"me a\r\n", "command=me key=a keys=1 noreply=false dialect=meta"},
		{req(0x0d, 0xabc, "", "a", ""), "command=getkq key=a keys=1 noreply=true opaque=00000abc dialect=binary"},
		{req(0x01, 1, "\x00\x00\x00\x07"+week, "a", "hello"), "command=set key=a keys=1 flags=7 exptime=604800 size=5 noreply=false opaque=00000001 dialect=binary"},
		{req(0x05, 1, eight+eight+week, "a", ""), "command=incr key=a keys=1 exptime=604800 noreply=false opaque=00000001 dialect=binary"},
		{req(0x1c, 1, week, "a", ""), "command=touch key=a keys=1 exptime=604800 noreply=false opaque=00000001 dialect=binary"},
		{req(0x0a, 1, "", "", ""), "command=noop noreply=false opaque=00000001 dialect=binary"},
	} {
		c := new(Protocol).NewCodec()
		m := read(t, c, tt.request)
		var got []string
		for _, a := range new(Protocol).Attributes() {
			v := c.(vaurien.Describer).Attribute(m, a.Name)
			if v == nil {
				continue
			}
			if reflect.TypeOf(v) != reflect.TypeOf(a.Zero) {
				t.Errorf("%q: %s is a %T", tt.request, a.Name, v)
			}
			got = append(got, fmt.Sprintf("%s=%v", a.Name, v))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%q: %s\nwant: %s", tt.request, s, tt.want)
		}
	}
}
