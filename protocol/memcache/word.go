package memcache

// replies is a set of the words that replies begin with, one bit for each.
type replies uint32

const (
	wERROR replies = 1 << iota
	wCLIENTERROR
	wSERVERERROR
	wVALUE
	wEND
	wSTORED
	wNOTSTORED
	wEXISTS
	wNOTFOUND
	wDELETED
	wTOUCHED
	wOK
	wNumber
	wRow // a line of a listing
	wVA
	wHD
	wEN
	wNS
	wEX
	wNF
	wMN
	wME
	wAnother

	failed  = wERROR | wCLIENTERROR | wSERVERERROR
	anyLine = wEND | wSTORED | wNOTSTORED | wEXISTS | wNOTFOUND | wDELETED | wTOUCHED | wOK | wNumber | wAnother
	anyMeta = wVA | wHD | wEN | wNS | wEX | wNF | wMN | wME
)

// wordOf returns the word that a line of a reply begins with, and its bit.
// Those of memcached cost no memory.
func wordOf(line []byte) (string, replies) {
	n := 0
	for n < len(line) && line[n] > ' ' {
		n++
	}
	switch string(line[:n]) {
	case "VALUE":
		return "VALUE", wVALUE
	case "END":
		return "END", wEND
	case "STORED":
		return "STORED", wSTORED
	case "HD":
		return "HD", wHD
	case "VA":
		return "VA", wVA
	case "EN":
		return "EN", wEN
	case "NOT_STORED":
		return "NOT_STORED", wNOTSTORED
	case "EXISTS":
		return "EXISTS", wEXISTS
	case "NOT_FOUND":
		return "NOT_FOUND", wNOTFOUND
	case "DELETED":
		return "DELETED", wDELETED
	case "TOUCHED":
		return "TOUCHED", wTOUCHED
	case "OK":
		return "OK", wOK
	case "MN":
		return "MN", wMN
	case "NS":
		return "NS", wNS
	case "EX":
		return "EX", wEX
	case "NF":
		return "NF", wNF
	case "ME":
		return "ME", wME
	case "ERROR", "ERROR:": // the latter of a shutdown that is not allowed
		return "ERROR", wERROR
	case "CLIENT_ERROR":
		return "CLIENT_ERROR", wCLIENTERROR
	case "SERVER_ERROR":
		return "SERVER_ERROR", wSERVERERROR
	case "STAT":
		return "STAT", wRow
	case "ITEM":
		return "ITEM", wRow
	case "PREFIX":
		return "PREFIX", wRow
	case "mg": // lru_crawler mgdump
		return "mg", wRow
	case "VERSION":
		return "VERSION", wAnother
	case "RESET":
		return "RESET", wAnother
	}
	switch {
	case n == 0:
		return "", 0
	case line[0] >= '0' && line[0] <= '9':
		return "", wNumber
	case n > 4 && string(line[:4]) == "key=": // lru_crawler metadump
		return "key", wRow
	}
	for _, c := range line[:n] {
		if c >= 0x7f {
			return "", 0
		}
	}
	return "", wAnother
}

// saysClassic are the words that answer a command of the text protocol, and
// saysMeta those that answer a meta command. A server may have been told to
// say OK for HD (meta_response_old).
var (
	saysClassic = [opCount]replies{
		other:      anyLine | failed,
		get:        wVALUE | wEND | failed,
		touch:      wTOUCHED | wNOTFOUND | failed,
		set:        wSTORED | wNOTSTORED | wEXISTS | wNOTFOUND | failed,
		add:        wSTORED | wNOTSTORED | wEXISTS | wNOTFOUND | failed,
		replace:    wSTORED | wNOTSTORED | wEXISTS | wNOTFOUND | failed,
		appendTo:   wSTORED | wNOTSTORED | wEXISTS | wNOTFOUND | failed,
		prepend:    wSTORED | wNOTSTORED | wEXISTS | wNOTFOUND | failed,
		cas:        wSTORED | wNOTSTORED | wEXISTS | wNOTFOUND | failed,
		del:        wDELETED | wNOTFOUND | failed,
		incr:       wNumber | wNOTFOUND | failed,
		decr:       wNumber | wNOTFOUND | failed,
		flush:      wOK | failed,
		statistics: wRow | anyLine | failed,
		unknown:    failed,
	}
	saysMeta = [opCount]replies{
		other:          wME | wEN | failed,
		get:            wVA | wHD | wOK | wEN | failed,
		set:            wHD | wOK | wNS | wEX | wNF | failed,
		del:            wHD | wOK | wEX | wNF | failed,
		metaArithmetic: wVA | wHD | wOK | wNS | wEX | wNF | failed,
		noop:           wMN,
	}
)

// saysQuietly are the words, beside those of errors, that answer a quiet meta
// command. Which of them are left out has changed from version to version.
var saysQuietly = [opCount]replies{
	get:            wVA | wHD | wOK,
	set:            wNS | wEX | wNF,
	del:            wEX | wNF,
	metaArithmetic: wVA | wHD | wOK | wNS | wEX | wNF,
}

// says returns the words that may answer a request.
func says(n *note) replies {
	switch {
	case n.reply == anError:
		return failed
	case n.reply == listing:
		return wRow | anyLine | failed
	case n.dialect == meta:
		return saysMeta[n.op]
	}
	return saysClassic[n.op]
}
