package mysql

// A command is a client packet's first byte (enum_server_command in MySQL's
// include/my_command.h and MariaDB's include/mysql_com.h), or one of the
// client's packets before there are commands.
type command uint16

const (
	comQuit             command = 0x01
	comInitDB           command = 0x02
	comQuery            command = 0x03
	comFieldList        command = 0x04
	comCreateDB         command = 0x05
	comDropDB           command = 0x06
	comRefresh          command = 0x07
	comShutdown         command = 0x08
	comStatistics       command = 0x09
	comProcessInfo      command = 0x0a
	comProcessKill      command = 0x0c
	comDebug            command = 0x0d
	comPing             command = 0x0e
	comChangeUser       command = 0x11
	comBinlogDump       command = 0x12
	comRegisterReplica  command = 0x15
	comStmtPrepare      command = 0x16
	comStmtExecute      command = 0x17
	comStmtSendLongData command = 0x18
	comStmtClose        command = 0x19
	comStmtReset        command = 0x1a
	comSetOption        command = 0x1b
	comStmtFetch        command = 0x1c
	comBinlogDumpGTID   command = 0x1e
	comResetConnection  command = 0x1f
	comStmtBulkExecute  command = 0xfa // MariaDB's

	theConnection command = 0x100 + iota // no packet: the greeting is its reply
	theLogin                             // the first packet of the login
	theProof                             // a further one
	theFile                              // what LOAD DATA LOCAL sends
)

// A shape is what a command's reply looks like.
type shape uint8

const (
	noReply     shape = iota
	onePacket         // whatever it says
	results           // OK, ERR, or result sets, one after the other
	definitions       // of columns, as many as there are
	rows              // of a result set that is open already
	prepared          // the statement's ID, and definitions
	greets            // the greeting, or ERR
	authentic         // one step of a login
	events            // a replica's stream
)

// A commandInfo is what there is to know of a command.
type commandInfo struct {
	name, verb string
	reply      shape
}

var commands = map[command]commandInfo{
	comQuit:             {"COM_QUIT", "QUIT", noReply},
	comInitDB:           {"COM_INIT_DB", "INIT_DB", onePacket},
	comQuery:            {"COM_QUERY", "QUERY", results},
	comFieldList:        {"COM_FIELD_LIST", "FIELD_LIST", definitions},
	comCreateDB:         {"COM_CREATE_DB", "CREATE_DB", onePacket},
	comDropDB:           {"COM_DROP_DB", "DROP_DB", onePacket},
	comRefresh:          {"COM_REFRESH", "REFRESH", onePacket},
	comShutdown:         {"COM_SHUTDOWN", "SHUTDOWN", onePacket},
	comStatistics:       {"COM_STATISTICS", "STATISTICS", onePacket},
	comProcessInfo:      {"COM_PROCESS_INFO", "PROCESS_INFO", results},
	comProcessKill:      {"COM_PROCESS_KILL", "PROCESS_KILL", onePacket},
	comDebug:            {"COM_DEBUG", "DEBUG", onePacket},
	comPing:             {"COM_PING", "PING", onePacket},
	comChangeUser:       {"COM_CHANGE_USER", "CHANGE_USER", authentic},
	comBinlogDump:       {"COM_BINLOG_DUMP", "BINLOG_DUMP", events},
	comRegisterReplica:  {"COM_REGISTER_SLAVE", "REGISTER_SLAVE", onePacket},
	comStmtPrepare:      {"COM_STMT_PREPARE", "PREPARE", prepared},
	comStmtExecute:      {"COM_STMT_EXECUTE", "EXECUTE", results},
	comStmtSendLongData: {"COM_STMT_SEND_LONG_DATA", "SEND_LONG_DATA", noReply},
	comStmtClose:        {"COM_STMT_CLOSE", "CLOSE", noReply},
	comStmtReset:        {"COM_STMT_RESET", "RESET", onePacket},
	comSetOption:        {"COM_SET_OPTION", "SET_OPTION", onePacket},
	comStmtFetch:        {"COM_STMT_FETCH", "FETCH", rows},
	comBinlogDumpGTID:   {"COM_BINLOG_DUMP_GTID", "BINLOG_DUMP_GTID", events},
	comResetConnection:  {"COM_RESET_CONNECTION", "RESET_CONNECTION", onePacket},
	comStmtBulkExecute:  {"COM_STMT_BULK_EXECUTE", "EXECUTE", results},

	theConnection: {"", "connect", greets},
	theLogin:      {"", "login", authentic},
	theProof:      {"", "auth", authentic},
	theFile:       {"", "file", noReply},
}

// byCode are the commands by their byte.
var byCode = func() (table [256]commandInfo) {
	for c, info := range commands {
		if c < 256 {
			table[c] = info
		}
	}
	return table
}()

// settles says that the reply to a command decides how later packets are read,
// or which statement an ID means.
func (c command) settles() bool {
	return c == comChangeUser || c == comStmtPrepare || c == comResetConnection || c == comBinlogDump || c == comBinlogDumpGTID
}

// executes says that a command runs a statement.
func (c command) executes() bool {
	return c == comQuery || c == comStmtExecute || c == comStmtBulkExecute
}
