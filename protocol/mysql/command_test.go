package mysql

import (
	"strings"
	"testing"
)

// commandTests are talks that are understood.
func commandTests() []talkTest {
	select1, rows3 := query("SELECT 1"), resultSet(autocommit, "\x011", "\x012", "\xfb")
	noEOF := oldClient | clientDeprecateEOF
	rowsOK := pkt(1, "\x01") + columns(2, 1) + pkt(3, "\x011") + lastOK(4, 2)
	load := query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t")
	ask := pkt(1, "\xfbf")
	file := pkt(2, "1\t2\n") + pkt(3, "3\t4\n") + pkt(4)
	prepare := pkt(0, "\x16", "INSERT INTO t VALUES (?,?)")
	prepareOK := pkt(1, "\x00", le(5, 4), le(0, 2), le(2, 2), "\x00", le(0, 2)) + columns(2, 2) + eof(4, 2)
	execute := pkt(0, "\x17", le(5, 4), "\x00", le(1, 4), "\x00\x01", "\x03\x00\x03\x00", le(1, 4), le(2, 4))
	return []talkTest{
		{name: "ping", requests: pkt(0, "\x0e"), replies: okay(1, 2), asked: "PING 5", answered: "11"},
		{name: "quit", requests: pkt(0, "\x01"), asked: "QUIT 5 noreply"},
		{name: "statistics", requests: pkt(0, "\x09") + pkt(0, "\x0e"), replies: pkt(1, "\x00ptime: 1") + okay(1, 2),
			asked: "STATISTICS 5, PING 5", answered: "13, 11"},
		{name: "insert", requests: query("insert into t values (1)"), replies: okay(1, 2), asked: "INSERT 29", answered: "11"},
		{name: "error", requests: select1, replies: failed(1, 1064), asked: "SELECT 13", answered: size(failed(1, 1064))},
		{name: "rows", requests: select1 + select1, replies: rows3 + rows3, asked: "SELECT 13, SELECT 13", answered: size(rows3) + ", " + size(rows3)},
		{name: "no rows", requests: select1, replies: resultSet(2), asked: "SELECT 13", answered: size(resultSet(2))},
		{name: "rows without EOF", caps: noEOF, requests: select1, replies: rowsOK, asked: "SELECT 13", answered: size(rowsOK)},
		{name: "an error after rows", requests: select1, replies: pkt(1, "\x01") + columns(2, 1) + eof(3, 2) + pkt(4, "\x011") + failed(5, 1317),
			asked: "SELECT 13", answered: size(pkt(1, "1"), columns(2, 1), eof(3, 2), pkt(4, "\x011"), failed(5, 1317))},
		{name: "several results", requests: query("CALL p()") + select1,
			replies: resultSet(moreResults, "\x011") + resultSet(moreResults) + okay(9, 2) + rows3,
			asked:   "CALL 13, SELECT 13", answered: size(resultSet(0, "\x011")+resultSet(0)+okay(9, 2)) + ", " + size(rows3)},
		{name: "several OKs", requests: query("SET @a=1;SET @b=2"), replies: okay(1, moreResults) + okay(2, 2), asked: "SET 22", answered: "22"},
		{name: "a row that looks like an EOF", requests: select1, replies: resultSet(2, "\xfe"+le(1, 8)+"x", "\x001234"),
			asked: "SELECT 13", answered: size(resultSet(2, "\xfe"+le(1, 8)+"x", "\x001234"))},
		{name: "load data", requests: load + file + select1, replies: ask + okay(5, 2) + rows3,
			asked:    "LOAD 44 barrier, file 20 barrier continues, SELECT 13",
			answered: "6 invites, 11, " + size(rows3)},
		{name: "load an empty file", requests: load + pkt(2) + select1, replies: ask + okay(3, 2) + rows3,
			asked: "LOAD 44 barrier, file 4 barrier continues, SELECT 13", answered: "6 invites, 11, " + size(rows3)},
		{name: "load refused", requests: load + select1, replies: failed(1, 1148) + rows3,
			asked: "LOAD 44 barrier, SELECT 13", answered: size(failed(1, 1148)) + ", " + size(rows3)},
		{name: "load twice", requests: query("load data local infile 'f' into table t; load data local infile 'g' into table t") + file + file + select1,
			replies: ask + okay(5, moreResults) + pkt(6, "\xfbg") + okay(10, 2) + rows3,
			asked:   "LOAD 85 barrier, file 20 barrier continues, file 20 barrier continues, SELECT 13", answered: "6 invites, 11 more, 6 invites, 11, " + size(rows3)},
		{name: "progress", requests: query("ALTER TABLE t FORCE"), replies: pkt(1, "\xff\xff\xff\x01\x01\x02abc\x01x") + pkt(2, "\xff\xff\xff\x01\x02\x02abc\x01x") + okay(3, 2),
			asked: "ALTER 24", answered: "41"},
		{name: "progress among rows", requests: query("CHECK TABLE t, u") + select1,
			replies: pkt(1, "\x01") + columns(2, 1) + eof(3, 2) + pkt(4, "\x011") + pkt(5, "\xff\xff\xff\x01\x01\x02abc\x01x") + pkt(6, "\x012") + eof(7, 2) + rows3,
			asked:   "CHECK 21, SELECT 13", answered: size(resultSet(2, "\x011", "\x012"), pkt(5, "\xff\xff\xff\x01\x01\x02abc\x01x")) + ", " + size(rows3)},
		{name: "prepared", requests: prepare + execute + pkt(0, "\x19", le(5, 4)) + execute, replies: prepareOK + okay(1, 2) + failed(1, 1243),
			asked:    "PREPARE 31 barrier, INSERT 28, CLOSE 9 noreply, EXECUTE 28",
			answered: size(prepareOK) + ", 11, " + size(failed(1, 1243))},
		{name: "long data", requests: prepare + pkt(0, "\x18", le(5, 4), "\x00\x00", "blob") + execute, replies: prepareOK + okay(1, 2),
			asked: "PREPARE 31 barrier, SEND_LONG_DATA 15 noreply, INSERT 28", answered: size(prepareOK) + ", 11"},
		{name: "prepared with columns", requests: pkt(0, "\x16", "SELECT ?"), replies: pkt(1, "\x00", le(5, 4), le(1, 2), le(1, 2), "\x00", le(0, 2)) + columns(2, 1) + eof(3, 2) + columns(4, 1) + eof(5, 2),
			asked: "PREPARE 13 barrier", answered: size(pkt(1, strings.Repeat("x", 12)), columns(2, 2), eof(3, 2), eof(5, 2))},
		{name: "prepared without EOF", caps: noEOF, requests: pkt(0, "\x16", "SELECT ?"), replies: pkt(1, "\x00", le(5, 4), le(1, 2), le(1, 2), "\x00", le(0, 2)) + columns(2, 1) + columns(4, 1),
			asked: "PREPARE 13 barrier", answered: size(pkt(1, strings.Repeat("x", 12)), columns(2, 2))},
		{name: "prepared with nothing", requests: pkt(0, "\x16", "COMMIT"), replies: pkt(1, "\x00", le(5, 4), le(0, 2), le(0, 2), "\x00", le(0, 2)), asked: "PREPARE 11 barrier", answered: "16"},
		{name: "the last prepared", server: mariadbCaps, requests: prepare + pkt(0, "\x17", le(lastStatement, 4), "\x00", le(1, 4)), replies: prepareOK + okay(1, 2),
			asked: "PREPARE 31 barrier, INSERT 14", answered: size(prepareOK) + ", 11"},
		{name: "bulk", server: mariadbCaps, requests: prepare + pkt(0, "\xfa", le(5, 4), le(128, 2), "\x03\x00\x03\x00", "\x00", le(1, 4), "\x00", le(2, 4)), replies: prepareOK + okay(1, 2),
			asked: "PREPARE 31 barrier, INSERT 25", answered: size(prepareOK) + ", 11"},
		{name: "cursor", requests: prepare + execute + pkt(0, "\x1c", le(5, 4), le(2, 4)) + pkt(0, "\x1c", le(5, 4), le(2, 4)),
			replies: prepareOK + pkt(1, "\x01") + columns(2, 1) + eof(3, cursorExists) +
				pkt(1, "\x00\x00\x01") + pkt(2, "\x00\x00\x02") + eof(3, cursorExists) + pkt(1, "\x00\x00\x03") + eof(2, 0x80),
			asked: "PREPARE 31 barrier, INSERT 28, FETCH 13, FETCH 13", answered: size(prepareOK) + ", " + size(pkt(1, "1"), columns(2, 1), eof(1, 1)) + ", 23, 16"},
		{name: "field list", requests: pkt(0, "\x04t\x00"), replies: columns(1, 3) + eof(4, 2), asked: "FIELD_LIST 7", answered: size(columns(1, 3), eof(4, 2))},
		{name: "options", requests: pkt(0, "\x1b\x00\x00") + pkt(0, "\x0d"), replies: eof(1, 2) + eof(1, 2), asked: "SET_OPTION 7, DEBUG 5", answered: "9, 9"},
		{name: "reset", requests: prepare + pkt(0, "\x1f") + execute, replies: prepareOK + okay(1, 2) + failed(1, 1243),
			asked: "PREPARE 31 barrier, RESET_CONNECTION 5 barrier, EXECUTE 28", answered: size(prepareOK) + ", 11, " + size(failed(1, 1243))},
		{name: "change of the user", requests: pkt(0, "\x11root\x00\x01pshop\x00\x2d\x00mysql_native_password\x00") + pkt(2, "proof") + select1,
			replies: pkt(1, "\xfeother\x00salt\x00") + okay(3, 2) + rows3,
			asked:   "CHANGE_USER 41 barrier, auth 9 barrier, SELECT 13", answered: "16, 11, " + size(rows3)},
		{name: "a replica", requests: pkt(0, "\x15\x01\x00\x00\x00") + pkt(0, "\x12\x04\x00\x00\x00") + "ack", replies: okay(1, 2) + pkt(1, "\x00event") + "more",
			asked: "REGISTER_SLAVE 9, BINLOG_DUMP 9 barrier", answered: "11, 10 switch"},
		{name: "killed while idle", requests: pkt(0, "\x0e"), replies: okay(1, 2) + failed(0, 4031), asked: "PING 5", answered: "11, 26 unasked"},
		{name: "query attributes", caps: oldClient | clientQueryAttributes, requests: pkt(0, "\x03\x00\x01SELECT 1") + pkt(0, "\x03\x02\x01\x02\x01\xfd\x00\x01a\xfd\x00\x01b\x02xySELECT 2"),
			replies: rows3 + rows3, asked: "SELECT 15, SELECT 28", answered: size(rows3) + ", " + size(rows3)},
		{name: "no metadata from MySQL", caps: oldClient | clientOptionalMetadata, requests: select1, replies: pkt(1, "\x01\x00") + pkt(2, "\x011") + eof(3, 2),
			asked: "SELECT 13", answered: "21"},
		{name: "no metadata from MariaDB", caps: oldClient&^clientMySQL | mariadbCacheMetadata, server: mariadbCaps, requests: select1, replies: pkt(1, "\x01\x00") + eof(2, 2) + pkt(3, "\x011") + eof(4, 2),
			asked: "SELECT 13", answered: "30"},
	}
}

// notUnderstood are talks that end in something that is not.
func notUnderstood() []talkTest {
	select1 := query("SELECT 1")
	return []talkTest{
		{name: "unknown command", requests: pkt(0, "\x20x"), err: "the command 0x20", rest: pkt(0, "\x20x")},
		{name: "wrong number", requests: pkt(1, "\x03x"), err: "with the number 1", rest: pkt(1, "\x03x")},
		{name: "empty", requests: pkt(0), err: "an empty packet", rest: pkt(0)},
		{name: "a file that nobody offered", requests: select1, replies: pkt(1, "\xfb/etc/passwd"), asked: "SELECT 13",
			err: "a request for a file", rest: pkt(1, "\xfb/etc/passwd")},
		{name: "an empty reply", requests: select1, replies: pkt(1), asked: "SELECT 13", err: "an empty packet", rest: pkt(1)},
		{name: "no EOF after the columns", requests: select1, replies: pkt(1, "\x01") + columns(2, 1) + pkt(3, "\x011"), asked: "SELECT 13", answered: size(pkt(1, "1"), columns(2, 1)) + " cut",
			err: "an EOF is to end", rest: pkt(3, "\x011")},
		{name: "unasked", requests: pkt(0, "\x0e"), replies: okay(1, 2) + okay(1, 2), asked: "PING 5", answered: "11", err: "nobody asked for", rest: okay(1, 2)},
		{name: "execute of nothing", requests: pkt(0, "\x17\x01"), err: "a COM_STMT_EXECUTE of 2 bytes", rest: pkt(0, "\x17\x01")},
	}
}

func TestCommands(t *testing.T) {
	for _, tt := range commandTests() {
		t.Run(tt.name, tt.run)
	}
}

func TestNotUnderstood(t *testing.T) {
	for _, tt := range notUnderstood() {
		t.Run(tt.name, tt.run)
	}
}
