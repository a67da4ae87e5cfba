package ldap

// An operation is the tag of a protocolOp (RFC 4511 section 4.2 and on).
type operation byte

// The requests.
const (
	bind     operation = 0x60
	unbind   operation = 0x42
	search   operation = 0x63
	modify   operation = 0x66
	add      operation = 0x68
	del      operation = 0x4a
	modrdn   operation = 0x6c
	compare  operation = 0x6e
	abandon  operation = 0x50
	extended operation = 0x77
)

// The replies.
const (
	bindDone     operation = 0x61
	entry        operation = 0x64
	searchDone   operation = 0x65
	modifyDone   operation = 0x67
	addDone      operation = 0x69
	delDone      operation = 0x6b
	modrdnDone   operation = 0x6d
	compareDone  operation = 0x6f
	reference    operation = 0x73
	extendedDone operation = 0x78
	intermediate operation = 0x79
)

// Names of extended operations.
const (
	startTLS       = "1.3.6.1.4.1.1466.20037"  // RFC 4511 section 4.14.1
	disconnection  = "1.3.6.1.4.1.1466.20036"  // RFC 4511 section 4.4.1
	passwordModify = "1.3.6.1.4.1.4203.1.11.1" // RFC 3062
)

// verb names a request as OpenLDAP's tools are named; empty if it is none.
func (o operation) verb() string {
	switch o {
	case bind:
		return "bind"
	case unbind:
		return "unbind"
	case search:
		return "search"
	case modify:
		return "modify"
	case add:
		return "add"
	case del:
		return "delete"
	case modrdn:
		return "modrdn"
	case compare:
		return "compare"
	case abandon:
		return "abandon"
	case extended:
		return "extended"
	}
	return ""
}

// done is the reply by which a request is over; 0 if it gets none.
func (o operation) done() operation {
	switch o {
	case bind, search, modify, add, modrdn, compare, extended:
		if o == search {
			return searchDone
		}
		return o + 1
	case del:
		return delDone
	}
	return 0
}

// ends reports whether a reply is the last to its request.
func (o operation) ends() bool {
	switch o {
	case bindDone, searchDone, modifyDone, addDone, delDone, modrdnDone, compareDone, extendedDone:
		return true
	}
	return false
}

// part names a reply that others follow.
func (o operation) part() string {
	switch o {
	case reference:
		return "reference"
	case intermediate:
		return "intermediate"
	}
	return "entry"
}

// goesOn reports whether others follow a reply to its request.
func (o operation) goesOn() bool { return o == entry || o == reference || o == intermediate }
