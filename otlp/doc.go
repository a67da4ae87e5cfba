// Package otlp shows what was done to requests in the traces that they belong
// to. An [Exporter] sends one span for each exchange that was touched, and whose
// request carried a trace's id, to a collector of OpenTelemetry, as OTLP/HTTP
// with JSON. The span is a child of the one that sent the request, so that it
// stands where its delay or its error is seen.
package otlp
