package postgres

import (
	"testing"

	"github.com/vaurien-proxy/vaurien"
)

func TestSQL(t *testing.T) {
	for _, tt := range []struct{ sql, verb, table, tag string }{
		{"select 1", "SELECT", "", ""},
		{"  -- a\n/* b /* c */ d */ ((Select a from Only Shop.\"Weird Name\" where 'from x'))", "SELECT", "shop.Weird Name", ""},
		{"select 'from a' from b", "SELECT", "b", ""},
		{"insert into Accounts (id) values (1)", "INSERT", "accounts", "INSERT"},
		{"update only t set a = 1", "UPDATE", "t", "UPDATE"},
		{"delete from t", "DELETE", "t", "DELETE"},
		{"merge into t using s on true", "MERGE", "t", "MERGE"},
		{"select * from t for update", "SELECT", "t", ""},
		{"copy t (a, b) from stdin", "COPY", "t", "COPY FROM"},
		{"copy t to stdout", "COPY", "t", ""},
		{"truncate t", "TRUNCATE", "t", "TRUNCATE TABLE"},
		{"truncate table only t", "TRUNCATE", "t", "TRUNCATE TABLE"},
		{"lock table t in share mode nowait", "LOCK", "t", ""},
		{"create table if not exists t (a int)", "CREATE", "t", "CREATE TABLE"},
		{"create unique index i on t (a)", "CREATE", "", "CREATE INDEX"},
		{"create or replace view v as select 1", "CREATE", "", "CREATE VIEW"},
		{"create text search dictionary d", "CREATE", "", ""},
		{"create user u", "CREATE", "", "CREATE ROLE"},
		{"drop table t", "DROP", "t", "DROP TABLE"},
		{"grant select on t to u", "GRANT", "", "GRANT"},
		{"with x as (select 1 from a) select * from x", "WITH", "a", ""},
		{"set a = 1", "SET", "", ""},
		{"insert into t values (1) on conflict do update set a = 1", "INSERT", "t", "INSERT"},
		{"values (1)", "VALUES", "", ""},
		{"frobnicate", "FROBNICATE", "", ""},
		{"selectselectselect", "", "", ""},
		{"", "", "", ""},
	} {
		sql := []byte(tt.sql)
		verb, _ := keyword(sql)
		if verb != tt.verb || table(sql) != tt.table || tag(verb, sql) != tt.tag {
			t.Errorf("%s: %q, %q, %q", tt.sql, verb, table(sql), tag(verb, sql))
		}
	}
}

func TestAttributes(t *testing.T) {
	r := opened(t, open)
	r.reply(r.ask(parse("s1", "update t set a = 1")+sync), parsed+ready('T'))
	for _, tt := range []struct {
		request string
		want    map[string]any
	}{
		{query("select * from t"), map[string]any{
			"command": "Query", "sql": "select * from t", "table": "t", "statement": "", "database": "shop", "user": "ann",
			"application_name": "till", "in_transaction": true, "transaction_state": "open", "size": int64(21),
		}},
		{bind("s1") + execute + sync, map[string]any{
			"command": "Bind", "sql": "update t set a = 1", "table": "t", "statement": "s1", "size": int64(15),
		}},
		{parse("s2", "select 2") + sync, map[string]any{"command": "Parse", "sql": "select 2", "statement": "s2"}},
		{msg('p', "secret\x00"), map[string]any{"command": "PasswordMessage", "sql": ""}},
		{sync, map[string]any{"command": "Sync", "sql": "", "table": "", "size": int64(5)}},
	} {
		req := r.ask(tt.request)
		for name, want := range tt.want {
			if got := r.codec.(vaurien.Describer).Attribute(req, name); got != want {
				t.Errorf("%q: %s is %#v, want %#v", tt.request, name, got, want)
			}
		}
	}
	// Each has a value of its type, or none.
	for _, request := range []string{askSSL, hello, query("select 1"), sync, bye} {
		r := newRoom(t)
		if request != askSSL && request != hello {
			r = opened(t, idle)
		}
		req := r.ask(request)
		for _, a := range new(Protocol).Attributes() {
			got := r.codec.(vaurien.Describer).Attribute(req, a.Name)
			if got == nil {
				continue
			}
			switch a.Zero.(type) {
			case string:
				_, ok := got.(string)
				if !ok {
					t.Errorf("%s is %#v", a.Name, got)
				}
			case bool:
				if _, ok := got.(bool); !ok {
					t.Errorf("%s is %#v", a.Name, got)
				}
			case int64:
				if _, ok := got.(int64); !ok {
					t.Errorf("%s is %#v", a.Name, got)
				}
			}
		}
	}
}
