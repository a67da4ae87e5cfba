package http

// realRequests are requests as programs in use send them; each is valid.
var realRequests = []string{
	get, headReq, upgradeReq, connectReq,
	// curl
	"GET / HTTP/1.1\r\nHost: localhost:8000\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n",
	"POST /upload HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nContent-Length: 11\r\nContent-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n\r\na=1&b=2&c=3",
	"PUT /f HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n",
	// h2c, as curl --http2 asks for it
	"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n",
	// browsers
	"GET /a?b=c HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\nsec-ch-ua: \"Chromium\";v=\"124\", \"Not-A.Brand\";v=\"99\"\r\nsec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nSec-Fetch-Site: none\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\nCookie: a=b; c=\"d e\"\r\n\r\n",
	"GET /ws HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\nSec-WebSocket-Version: 13\r\nOrigin: null\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: keep-alive, Upgrade\r\nPragma: no-cache\r\nUpgrade: websocket\r\n\r\n",
	"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=----x\r\nContent-Length: 59\r\n\r\n------x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n----",
	// ApacheBench, HTTP/1.0
	"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nHost: localhost\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n",
	// Go with a trailer
	"POST / HTTP/1.1\r\nHost: a\r\nUser-Agent: Go-http-client/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nAccept-Encoding: gzip\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: abc\r\n\r\n",
	// S3, signed chunks in a body of known length
	"PUT /k HTTP/1.1\r\nHost: b.s3.amazonaws.com\r\nContent-Encoding: aws-chunked\r\nx-amz-decoded-content-length: 5\r\nContent-Length: 22\r\n\r\n5;chunk-signature=ab\r\n",
	// a proxy's client, a probe, WebDAV, a preflight
	"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nProxy-Connection: keep-alive\r\n\r\n",
	"GET /healthz HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nUser-Agent: kube-probe/1.30\r\nAccept: */*\r\nConnection: close\r\n\r\n",
	"PROPFIND /dav/ HTTP/1.1\r\nHost: a\r\nDepth: 1\r\nContent-Type: application/xml\r\nContent-Length: 12\r\n\r\n<propfind/>\n",
	"OPTIONS /api HTTP/1.1\r\nHost: a\r\nAccess-Control-Request-Method: POST\r\nOrigin: http://b\r\n\r\n",
	// an empty line after the request before
	"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	// typed into netcat
	"GET / HTTP/1.1\nHost: a\n\n",
}

// realReplies are replies as programs in use send them; each is valid.
var realReplies = []string{
	ok, switching,
	// nginx, to GET and to HTTP/1.0
	"HTTP/1.1 200 OK\r\nServer: nginx/1.26.0\r\nDate: Wed, 06 Nov 2013 11:00:00 GMT\r\nContent-Type: text/html\r\nContent-Length: 5\r\nLast-Modified: Wed, 06 Nov 2013 10:00:00 GMT\r\nConnection: keep-alive\r\nETag: \"5278a0f0-5\"\r\nAccept-Ranges: bytes\r\n\r\nhello",
	"HTTP/1.1 304 Not Modified\r\nServer: nginx/1.26.0\r\nDate: Wed, 06 Nov 2013 11:00:00 GMT\r\nConnection: keep-alive\r\nETag: \"5278a0f0-5\"\r\n\r\n",
	"HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>",
	// Apache httpd
	"HTTP/1.1 206 Partial Content\r\nServer: Apache/2.4.58\r\nContent-Range: bytes 0-3/9\r\nContent-Length: 4\r\nKeep-Alive: timeout=5, max=100\r\nConnection: Keep-Alive\r\n\r\nabcd",
	"HTTP/1.0 200 OK\r\nServer: SimpleHTTP/0.6 Python/3.12.3\r\nContent-type: text/html\r\n\r\n<!DOCTYPE HTML>",
	// chunked, with events, with a trailer, with padded sizes
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Grpc-Status\r\n\r\n3\r\nabc\r\n0\r\nGrpc-Status: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3   \r\nabc\r\n0   \r\n\r\n",
	// interim replies
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nLocation: /f\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	// no content, no reason, a cookie that expires, to the end
	"HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: *\r\n\r\n",
	"HTTP/1.1 200 \r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\nSet-Cookie: a=b; Expires=Wed, 06 Nov 2013 11:00:00 GMT; HttpOnly\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nall that comes",
	"HTTP/1.1 408 Request Time-out\r\nContent-length: 0\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n",
}

// hostileRequests and hostileReplies are near misses for the fuzzer to start
// from.
var (
	hostileRequests = []string{
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03",
		"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;x\ny\r\n0\r\n\r\n",
		"GET / HTTP/1.1\r\nA: b\n\nGET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nA : b\r\n c\r\n\r\n",
	}
	hostileReplies = []string{
		"<html>",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
		"HTTP/1.1 099 ?\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\n\r\n",
	}
)
