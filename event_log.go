package vaurien

import "log/slog"

// Log writes a line of the behavior's own to the proxy's log.
func (e *Event) Log(text string) {
	p := e.Session.proxy
	p.log.LogAttrs(p.ctx, slog.LevelInfo, text, slog.Uint64("session", e.Session.number), slog.Uint64("exchange", e.Exchange))
}
