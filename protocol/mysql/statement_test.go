package mysql

import (
	"strings"
	"testing"
)

func TestKeyword(t *testing.T) {
	for _, tt := range []struct{ text, verb string }{
		{"SELECT 1", "SELECT"}, {"select\t1", "SELECT"}, {"  \n ( ( Select 1))", "SELECT"},
		{"/* SELECT */ insert into t", "INSERT"}, {"-- x\nUPDATE t", "UPDATE"}, {"# x\nDELETE", "DELETE"}, {"--", ""},
		{"/*!40101 SET NAMES utf8 */", "SET"}, {"/*M!100100 SET x*/", "SET"}, {"/*+ hint */ SELECT", "SELECT"}, {"/* never ended", ""},
		{"/*", ""}, {"/*!", ""}, {"/*M", ""}, {"/", ""}, {"", ""}, {";COMMIT", "COMMIT"}, {"1", ""}, {"'SELECT'", ""}, {"frobnicate x", "FROBNICATE"},
		{strings.Repeat("x", 40), ""}, {"{call p()}", ""}, {"-1", ""}, {"\xef\xbb\xbfSELECT", "\xef\xbb\xbfSELECT"},
	} {
		if got := keywordOf([]byte(tt.text)).verb; got != tt.verb {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.verb)
		}
	}
}

func TestInfile(t *testing.T) {
	for _, word := range []string{"INFILE", "infile", "InFiLe"} {
		for i := range 20 {
			for _, after := range []string{"", " 'f'", strings.Repeat("x", 17)} {
				if text := strings.Repeat("n", i) + word + after; !mentionsInfile([]byte(text)) {
					t.Errorf("not seen in %q", text)
				}
			}
		}
	}
	for _, text := range []string{"", "INFIL", "nfile", "INFI LE", "SELECT file, line, life FROM nice_files WHERE fine=1", "1NF1LE"} {
		if mentionsInfile([]byte(text)) {
			t.Errorf("seen in %q", text)
		}
	}
}

func TestTable(t *testing.T) {
	for _, tt := range []struct{ text, table string }{
		{"SELECT * FROM t WHERE a=1", "t"}, {"select 1", ""}, {"SELECT a FROM `my table`", "my table"}, {"SELECT a FROM shop.orders o", "shop.orders"},
		{"SELECT a FROM `shop`.`orders`", "shop.orders"}, {"INSERT INTO t(a) VALUES (1)", "t"}, {"INSERT IGNORE INTO t SELECT * FROM u", "t"},
		{"UPDATE LOW_PRIORITY t SET a=1", "t"}, {"DELETE FROM t", "t"}, {"CREATE TABLE IF NOT EXISTS t (a INT)", "t"}, {"REPLACE INTO t VALUES ('FROM u')", "t"},
		{"SELECT 'it''s FROM x' FROM t", "t"}, {"SELECT \"a FROM b\" FROM t", "t"}, {"SELECT a FROM (SELECT b FROM t) x", "t"}, {"TRUNCATE TABLE t", "t"},
		{"SELECT a FROM/* c */ t", "t"}, {"SELECT 'never ended FROM t", ""}, {"SELECT a FROM `x", ""},
	} {
		if got := tableIn([]byte(tt.text)); got != tt.table {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.table)
		}
	}
}

// Prepared statements are remembered within bounds.
func TestStatementsAreBounded(t *testing.T) {
	var s statements
	text := make([]byte, longestText)
	for id := range uint32(2 * mostStatements) {
		s.put(id, 1, keyword{}, text)
	}
	if len(s.byID) != mostStatements || s.text > mostText {
		t.Errorf("%d statements, %d bytes", len(s.byID), s.text)
	}
	for id := range uint32(2 * mostStatements) {
		s.remove(id)
	}
	if len(s.byID) != 0 || s.text != 0 {
		t.Errorf("%d statements, %d bytes", len(s.byID), s.text)
	}
}
