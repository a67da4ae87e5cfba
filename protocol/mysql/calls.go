package mysql

import (
	"bytes"
	"strings"
)

// mayChange reports whether a SELECT may do more than select: whether it calls
// a function that is not among those known to be harmless. A stored function
// may write, and what the server itself would have undone with the statement
// it interrupted would stay. So may GET_LOCK and SETVAL.
func mayChange(text []byte) bool {
	if bytes.IndexByte(text, '\\') >= 0 {
		return true // where a string ends is not to be told so simply
	}
	var word []byte // the one before a parenthesis
	for len(text) > 0 {
		switch b := text[0]; {
		case b == '\'' || b == '"' || b == '`':
			word, text = text[:1], after(text[1:], string(b)) // whatever its name is
			continue
		case isLetter(b) || isDigit(b):
			n := 1
			for n < len(text) && (isLetter(text[n]) || isDigit(text[n])) {
				n++
			}
			if string(word) == "." {
				word = []byte("``") // nobody knows a name that is qualified
			} else {
				word = text[:n]
			}
			text = text[n:]
			continue
		case b == '(' && len(word) > 0 && !harmless[strings.ToUpper(string(word))]:
			return true
		case b == '.':
			word = text[:1]
		case b > ' ':
			word = nil
		}
		text = text[1:]
	}
	return false
}

// harmless are functions that only select, and other words that a parenthesis
// may follow.
var harmless = func() map[string]bool {
	table := make(map[string]bool)
	for word := range strings.FieldsSeq(`
		ALL AND ANY AS BETWEEN BY CASE DISTINCT ELSE EXISTS FROM HAVING IN INDEX INTERVAL JOIN KEY LIKE LIMIT NOT
		ON OR OVER SELECT SOME THEN UNION USING VALUES WHEN WHERE WITH XOR
		AVG COUNT GROUP_CONCAT MAX MIN STD STDDEV SUM VARIANCE DENSE_RANK LAG LEAD RANK ROW_NUMBER
		ABS CAST CEIL CEILING CHAR_LENGTH COALESCE CONCAT CONCAT_WS CONVERT CURDATE CURRENT_TIMESTAMP DATE DATE_ADD
		DATE_FORMAT DATE_SUB DATEDIFF DAY DECIMAL EXTRACT FIELD FIND_IN_SET FLOOR FROM_UNIXTIME GREATEST HEX HOUR IF
		IFNULL ISNULL JSON_EXTRACT JSON_UNQUOTE JSON_VALUE LCASE LEAST LEFT LENGTH LOCATE LOWER LPAD LTRIM MATCH AGAINST
		MD5 MINUTE MOD MONTH NOW NULLIF POW POWER QUARTER RAND REPLACE REPEAT REVERSE RIGHT ROUND RPAD RTRIM SECOND SHA1
		SHA2 SIGN SLEEP SUBSTR SUBSTRING SUBSTRING_INDEX TIME TIMESTAMPDIFF TRIM TRUNCATE UCASE UNHEX UNIX_TIMESTAMP UPPER
		UTC_TIMESTAMP UUID VERSION WEEK YEAR CHAR VARCHAR`) {
		table[word] = true
	}
	return table
}()
