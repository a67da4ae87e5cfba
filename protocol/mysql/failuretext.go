package mysql

import (
	"fmt"

	"github.com/vaurien-proxy/vaurien"
)

// on returns the error as the server at hand says it to a request.
func (k *failure) on(c *codec, req *vaurien.Message, n *note) serverError {
	e := k.mariadb
	if k.mysql.number != 0 && !c.isMariaDB() {
		e = k.mysql
	}
	if k.text != nil {
		e.text = k.text(e.text, c, req, n)
	}
	return e
}

// isMariaDB reports whether the server is MariaDB; before it has greeted,
// whether the last one was that did.
func (c *codec) isMariaDB() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server.version != "" {
		return c.server.mariadb
	}
	return c.protocol.mariadb.Load()
}

func denied(format string, c *codec, _ *vaurien.Message, n *note) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	password := "NO"
	if c.login.password || n.command == theProof && n.size > 0 {
		password = "YES"
	}
	return fmt.Sprintf(format, c.login.user, password)
}

func ofUser(format string, c *codec, _ *vaurien.Message, n *note) string {
	_, user := c.who(n)
	return fmt.Sprintf(format, user)
}

func ofDatabase(format string, c *codec, _ *vaurien.Message, n *note) string {
	database := n.database
	if database == "" {
		database, _ = c.who(n)
	}
	return fmt.Sprintf(format, database)
}

func ofTable(format string, c *codec, req *vaurien.Message, n *note) string {
	return fmt.Sprintf(format, unqualified(tableIn(c.textOf(req, n))))
}

func ofKey(format string, c *codec, req *vaurien.Message, n *note) string {
	if c.isMariaDB() {
		return format // which does not name the table
	}
	return ofTable(format, c, req, n)
}
