package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/e2e/lab"
)

// redis starts a real server and returns its address.
func redis(t *testing.T) string {
	t.Helper()
	port := lab.FreePort(t)
	lab.Start(t, nil, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	lab.Poll(t, func() error {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
		}
		return err
	})
	return "localhost:" + port
}

// inYAML are the command lines in a page's files for CI systems.
var inYAML = regexp.MustCompile(`(?m)^ *- (?:run: )?(vaurien (?:run|matrix) .*)$`)

// TestCommandPages runs every command of the pages about commands that run
// others, in their order, to its end, and compares what it prints where the page
// says it.
func TestCommandPages(t *testing.T) {
	for _, page := range []string{"../docs/ci.md", "../docs/matrix.md"} {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			runCommandPage(t, page)
		})
	}
}

func runCommandPage(t *testing.T, page string) {
	here := strings.NewReplacer("localhost:6379", redis(t), "localhost:8080", nginx(t))
	dir := t.TempDir()
	if page != "../docs/matrix.md" { // where the script is shown
		copyBlock(t, "../docs/matrix.md", "smoke-test", dir)
	}
	ran := 0
	run := func(c command) {
		ran++
		sh := exec.Command("sh", "-c", here.Replace(c.line))
		var said, complained bytes.Buffer
		sh.Dir, sh.Stdout, sh.Stderr = dir, &said, &complained
		err := sh.Run()
		if _, ended := err.(*exec.ExitError); err != nil && !ended {
			t.Fatal(err)
		}
		if c.want == "" && err != nil || complained.Len() > 0 && strings.Contains(complained.String(), "see vaurien --help") {
			t.Errorf("$ %s\n%v\n%s%s", c.line, err, said.String(), complained.String())
		}
		if c.want != "" && !printed(said.String(), here.Replace(c.want)) {
			t.Errorf("$ %s\nprinted\n%s\n%s\nbut the page says\n%s", c.line, said.String(), complained.String(), c.want)
		}
	}
	all := blocks(t, page)
	for _, b := range all { // the pages show some files after the commands that need them
		if name, ok := strings.CutPrefix(strings.SplitN(b.text, "\n", 2)[0], "# "); ok && b.kind != "console" {
			path := filepath.Join(dir, name)
			lab.Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
			lab.Must(t, os.WriteFile(path, []byte(here.Replace(b.text)), 0o644))
		}
	}
	for _, b := range all {
		switch b.kind {
		case "console":
			for _, c := range commands(b.text) {
				run(c)
			}
		case "yaml":
			for _, m := range inYAML.FindAllStringSubmatch(b.text, -1) {
				run(command{line: m[1]})
			}
		}
	}
	t.Logf("%d commands", ran)
	if ran == 0 {
		t.Error("there is no command on the page")
	}
}

// copyBlock writes a file that a page shows.
func copyBlock(t *testing.T, page, name, dir string) {
	t.Helper()
	for _, b := range blocks(t, page) {
		if strings.HasPrefix(b.text, "# "+name+"\n") {
			lab.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(b.text), 0o644))
			return
		}
	}
	t.Fatalf("%s shows no %s", page, name)
}

// TestMatrixPage has a browser show the page of a report, in a wide window and in
// one as narrow as a telephone's, light and dark: nothing of it is wider than the
// window, and it asks nobody for anything.
func TestMatrixPage(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing: scripts/setup installs it")
	}
	dir := t.TempDir()
	sh := exec.Command("vaurien", "matrix", "--quiet", "--backend", redis(t), "--protocol", "redis", "--parallel", "4", "--run-timeout", "2s",
		"--skip", "hang*", "--skip", "stall", "--expect", "survive", "--html", "report.html",
		"--", "sh", "-c", "redis-cli -e -p $VAURIEN_DEFAULT_PORT set a b && echo \"</pre><script>document.title='broken'</script>\"")
	sh.Dir = dir
	out, err := sh.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, width := range []int{390, 1280} {
		// A window of a browser has a least width; a frame has none.
		frame := filepath.Join(dir, fmt.Sprintf("frame-%d.html", width))
		lab.Must(t, os.WriteFile(frame, fmt.Appendf(nil, `<body style="margin:0"><iframe src="report.html" style="border:0" width=%d height=900></iframe>
<script>onload = () => { const d = frames[0].document; document.title = [d.title, d.documentElement.scrollWidth, frames[0].performance.getEntriesByType("resource").length].join("|") }</script>`, width), 0o644))
		for _, scheme := range []string{"0", "1"} { // dark, light
			shot := filepath.Join(dir, fmt.Sprintf("%d-%s.png", width, scheme))
			args := []string{"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files",
				"--user-data-dir=" + filepath.Join(dir, "profile"), "--blink-settings=preferredColorScheme=" + scheme,
				"--window-size=1280,900", "--virtual-time-budget=3000"}
			dom, err := exec.Command(browser, append(args, "--dump-dom", "file://"+frame)...).Output()
			lab.Must(t, err)
			title := regexp.MustCompile(`<title>(.*)\|(\d+)\|(\d+)</title>`).FindSubmatch(dom)
			if title == nil || string(title[2]) != fmt.Sprint(width) || string(title[3]) != "0" || string(title[1]) == "broken" {
				t.Errorf("%d wide: title, width and requests are %q", width, title)
			}
			lab.Run(t, browser, append(args, "--screenshot="+shot, "file://"+frame)...)
			if dark := brightness(t, shot, width) < 0x8000; dark != (scheme == "0") {
				t.Errorf("%d wide, scheme %s: it is dark: %v", width, scheme, dark)
			}
		}
	}
}

// brightness returns the mean of the upper left of an image.
func brightness(t *testing.T, path string, width int) uint32 {
	t.Helper()
	f, err := os.Open(path)
	lab.Must(t, err)
	defer f.Close()
	img, err := png.Decode(f)
	lab.Must(t, err)
	var sum, n uint64
	for y := 0; y < 600; y += 7 {
		for x := 0; x < width; x += 7 {
			r, g, b, _ := img.At(x, y).RGBA()
			sum += uint64(r+g+b) / 3
			n++
		}
	}
	if img.Bounds().Dx() < width || img.Bounds() == (image.Rectangle{}) {
		t.Errorf("%s is %v", path, img.Bounds())
	}
	return uint32(sum / n)
}
