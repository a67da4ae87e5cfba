package http

// reasons are the reason phrases of RFC 9110 sections 15.5 and 15.6 and of the
// registry that its section 16.2 describes; a code without one has an empty
// phrase.
var reasons = map[int]string{
	200: "OK",
	400: "Bad Request",
	401: "Unauthorized",
	402: "Payment Required",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	406: "Not Acceptable",
	407: "Proxy Authentication Required",
	408: "Request Timeout",
	409: "Conflict",
	410: "Gone",
	411: "Length Required",
	412: "Precondition Failed",
	413: "Content Too Large",
	414: "URI Too Long",
	415: "Unsupported Media Type",
	416: "Range Not Satisfiable",
	417: "Expectation Failed",
	421: "Misdirected Request",
	422: "Unprocessable Content",
	423: "Locked",                          // RFC 4918
	424: "Failed Dependency",               // RFC 4918
	425: "Too Early",                       // RFC 8470
	426: "Upgrade Required",                // RFC 9110
	428: "Precondition Required",           // RFC 6585
	429: "Too Many Requests",               // RFC 6585
	431: "Request Header Fields Too Large", // RFC 6585
	451: "Unavailable For Legal Reasons",   // RFC 7725
	500: "Internal Server Error",
	501: "Not Implemented",
	502: "Bad Gateway",
	503: "Service Unavailable",
	504: "Gateway Timeout",
	505: "HTTP Version Not Supported",
	506: "Variant Also Negotiates",         // RFC 2295
	507: "Insufficient Storage",            // RFC 4918
	508: "Loop Detected",                   // RFC 5842
	510: "Not Extended",                    // RFC 2774
	511: "Network Authentication Required", // RFC 6585
}

// nginxReasons are those of nginx that are others: ngx_http_status_lines in
// src/http/ngx_http_header_filter_module.c.
var nginxReasons = map[int]string{
	405: "Not Allowed",
	413: "Request Entity Too Large",
	414: "Request-URI Too Large",
	416: "Requested Range Not Satisfiable",
	503: "Service Temporarily Unavailable",
	504: "Gateway Time-out",
}

// nginxTitles are those of its pages that are not the reason:
// ngx_http_special_response.c.
var nginxTitles = map[int]string{401: "Authorization Required"}
