package smtp

import "github.com/vaurien-proxy/vaurien"

// A failure is a reply that fails a request. In its text {host} stands for the
// server's name, {client} for the client's, {sender} and {recipient} for the
// addresses of the request.
type failure struct {
	vaurien.FailureKind
	code     string
	enhanced string // RFC 3463
	text     string
	verbatim bool // the text is to be as it is
	atEnd    bool // it is the reply to the mail
}

// Where the bytes are from, and what becomes of the connection.
const (
	fromRFC5321 = "RFC 5321 section 4.2.2"

	staysOpen = "stays open"
	noMail    = "stays open; the mail is over, and the server keeps nothing of it"
	closed    = "closes; a mail that has not ended is gone"
)

// captured is the source of a failure whose bytes were captured.
func captured(file string) string {
	return "captured: Postfix 3.7.11 (testdata/captures/" + file + ".txt)"
}

// failures are the ways to fail that have a name.
var failures = []failure{
	{code: "421", enhanced: "4.7.0", text: "{host} Error: too many connections from {client}", FailureKind: vaurien.FailureKind{
		Name: "too-many-connections", Phase: vaurien.Connecting,
		Doc: "the greeting is 421: the client has too many connections", Effect: closed,
		Source: captured("too-many-connections"), Fits: fits(connect)}},
	{code: "421", enhanced: "4.3.2", text: "All screening ports are busy", FailureKind: vaurien.FailureKind{
		Name: "too-busy", Phase: vaurien.Connecting,
		Doc: "the greeting is 421: the server is busy", Effect: closed,
		Source: captured("too-busy"), Fits: fits(connect)}},
	{code: "554", enhanced: "5.7.1", text: "<{client}[{client}]>: Client host rejected: Access denied", FailureKind: vaurien.FailureKind{
		Name: "rejected-at-connect", Phase: vaurien.Connecting,
		Doc: "the greeting is 554: the client is not welcome", Effect: "stays open; every command but QUIT gets 503",
		Source: captured("rejected-at-connect"), Fits: fits(connect)}},

	{code: "421", enhanced: "4.3.2", text: "{host} Service not available, closing transmission channel", FailureKind: vaurien.FailureKind{
		Name: "shutting-down", Phase: vaurien.Asking,
		Doc: "421: the server is about to shut down", Effect: closed,
		Source: fromRFC5321 + "; RFC 3463 section 3.4", Fits: anyCommand}},
	{code: "421", enhanced: "4.4.2", text: "{host} Error: timeout exceeded", FailureKind: vaurien.FailureKind{
		Name: "idle-timeout", Phase: vaurien.Asking,
		Doc: "421: the server had given up waiting as the command came in", Effect: closed,
		Source: captured("idle-timeout"), Fits: anyCommand}},
	{code: "421", enhanced: "4.7.0", text: "{host} Error: too many errors", FailureKind: vaurien.FailureKind{
		Name: "too-many-errors", Phase: vaurien.Asking,
		Doc: "421: the client has made too many errors", Effect: closed,
		Source: captured("too-many-errors"), Fits: anyCommand, OnRequest: true}},

	{code: "454", enhanced: "4.7.0", text: "TLS not available due to local problem", FailureKind: vaurien.FailureKind{
		Name: "tls-not-available", Phase: vaurien.Connecting,
		Doc: "454 to STARTTLS: there is no TLS for now", Effect: staysOpen,
		Source: captured("tls-not-available"), Fits: fits(startTLS)}},
	{code: "535", enhanced: "5.7.8", text: "Error: authentication failed: authentication failure", FailureKind: vaurien.FailureKind{
		Name: "auth-failed", Phase: vaurien.Authenticating,
		Doc: "535 after the credentials: they are wrong", Effect: staysOpen,
		Source: captured("auth-failed"), Fits: fits(auth)}},
	{code: "454", enhanced: "4.7.0", text: "Temporary authentication failure: generic failure", FailureKind: vaurien.FailureKind{
		Name: "auth-temporary", Phase: vaurien.Authenticating,
		Doc: "454 after the credentials: they cannot be checked for now", Effect: staysOpen,
		Source: captured("auth-temporary"), Fits: fits(auth)}},

	{code: "452", enhanced: "4.3.1", text: "Insufficient system storage", FailureKind: vaurien.FailureKind{
		Name: "queue-full", Phase: vaurien.Asking,
		Doc: "452 to MAIL: there is no room for another mail", Effect: staysOpen,
		Source: captured("queue-full"), Fits: fits(mailFrom)}},
	{code: "450", enhanced: "4.1.8", text: "<{sender}>: Sender address rejected: Domain not found", FailureKind: vaurien.FailureKind{
		Name: "sender-domain-not-found", Phase: vaurien.Asking,
		Doc: "450 to MAIL: the sender's domain cannot be looked up", Effect: staysOpen,
		Source: captured("sender-domain-not-found"), Fits: fits(mailFrom)}},
	{code: "554", enhanced: "5.7.1", text: "<{sender}>: Sender address rejected: Access denied", FailureKind: vaurien.FailureKind{
		Name: "sender-refused", Phase: vaurien.Asking,
		Doc: "554 to MAIL: the sender may not send", Effect: staysOpen,
		Source: captured("sender-refused"), Fits: fits(mailFrom)}},

	{code: "451", enhanced: "4.7.1", text: "<{recipient}>: Recipient address rejected: Greylisted, try again later", FailureKind: vaurien.FailureKind{
		Name: "greylisted", Phase: vaurien.Asking,
		Doc: "451 to RCPT: try again later", Effect: staysOpen,
		Source: captured("greylisted"), Fits: fits(rcptTo)}},
	{code: "450", enhanced: "4.2.1", text: "<{recipient}>: Recipient address rejected: Mailbox busy", FailureKind: vaurien.FailureKind{
		Name: "mailbox-busy", Phase: vaurien.Asking,
		Doc: "450 to RCPT: the mailbox cannot take mail for now", Effect: staysOpen,
		Source: captured("mailbox-busy"), Fits: fits(rcptTo)}},
	{code: "452", enhanced: "4.2.2", text: "<{recipient}>: Recipient address rejected: Mailbox full", FailureKind: vaurien.FailureKind{
		Name: "mailbox-full", Phase: vaurien.Asking,
		Doc: "452 to RCPT: the mailbox is full", Effect: staysOpen,
		Source: captured("mailbox-full"), Fits: fits(rcptTo)}},
	{code: "452", enhanced: "4.5.3", text: "Error: too many recipients", FailureKind: vaurien.FailureKind{
		Name: "too-many-recipients", Phase: vaurien.Asking,
		Doc: "452 to RCPT: send the mail to the recipients so far, and then to the others", Effect: staysOpen,
		Source: captured("too-many-recipients"), Fits: fits(rcptTo)}},
	{code: "550", enhanced: "5.1.1", text: "<{recipient}>: Recipient address rejected: User unknown in virtual mailbox table", FailureKind: vaurien.FailureKind{
		Name: "no-such-user", Phase: vaurien.Asking,
		Doc: "550 to RCPT: there is no such mailbox", Effect: staysOpen,
		Source: captured("no-such-user"), Fits: fits(rcptTo)}},
	{code: "554", enhanced: "5.7.1", text: "<{recipient}>: Relay access denied", FailureKind: vaurien.FailureKind{
		Name: "relay-denied", Phase: vaurien.Asking,
		Doc: "554 to RCPT: the server takes no mail for that domain from this client", Effect: staysOpen,
		Source: captured("relay-denied"), Fits: fits(rcptTo)}},

	{code: "450", enhanced: "4.3.2", text: "<DATA>: Data command rejected: Try again later", FailureKind: vaurien.FailureKind{
		Name: "data-refused", Phase: vaurien.Asking,
		Doc: "450 to DATA: no mail can be taken for now", Effect: "stays open, the sender and the recipients too",
		Source: captured("data-refused"), Fits: fits(data)}},

	{code: "452", enhanced: "4.3.1", text: "Insufficient system storage", atEnd: true, FailureKind: vaurien.FailureKind{
		Name: "insufficient-storage", Phase: vaurien.Committing,
		Doc: "452 to the mail: there is no room for it", Effect: noMail,
		Source: "RFC 5321 section 4.3.2; the text of queue-full", Fits: atEnd}},
	{code: "451", enhanced: "4.3.0", text: "Error: queue file write error", atEnd: true, FailureKind: vaurien.FailureKind{
		Name: "temporary-failure", Phase: vaurien.Committing,
		Doc: "451 to the mail: the server could not write it", Effect: noMail,
		Source: captured("temporary-failure"), Fits: atEnd}},
	{code: "552", enhanced: "5.3.4", text: "Error: message file too big", atEnd: true, FailureKind: vaurien.FailureKind{
		Name: "message-too-large", Phase: vaurien.Committing,
		Doc: "552 to the mail: it is too large", Effect: noMail,
		Source: captured("message-too-large"), Fits: atEnd}},
	{code: "550", enhanced: "5.7.1", text: "message content rejected", atEnd: true, FailureKind: vaurien.FailureKind{
		Name: "content-rejected", Phase: vaurien.Committing,
		Doc: "550 to the mail: its content is refused", Effect: noMail,
		Source: captured("content-rejected"), Fits: atEnd}},
}

// fits returns what tells whether a request is this command.
func fits(v verb) func(*vaurien.Message) bool {
	return func(req *vaurien.Message) bool { return noteOf(req).verb == v }
}

// anyCommand tells whether a request is a command that a server may answer
// with 421. Nobody looks at the reply to QUIT.
func anyCommand(req *vaurien.Message) bool {
	v := noteOf(req).verb
	return v != connect && v != quit && !req.NoReply
}

// atEnd tells whether a request ends a mail, or begins one that then follows.
func atEnd(req *vaurien.Message) bool {
	n := noteOf(req)
	return n.verb == data || n.verb == bdat && n.last
}

// Failures returns the ways to fail that have a name.
func (p *Protocol) Failures() []vaurien.FailureKind {
	kinds := make([]vaurien.FailureKind, len(failures))
	for i, f := range failures {
		kinds[i] = f.FailureKind
	}
	return kinds
}
