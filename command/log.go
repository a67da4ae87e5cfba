package command

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/vaurien-proxy/vaurien/config"
)

// A logbook is the program's log: where it goes and what it lets through.
type logbook struct {
	*slog.Logger
	level slog.LevelVar
	file  *os.File // nil when it goes to standard error
}

// openLog opens the log that the settings ask for.
func openLog(s *config.Settings, stderr io.Writer) (*logbook, error) {
	l := new(logbook)
	l.level.Set(level(s.LogLevel))
	out := stderr
	if s.LogOutput != "-" && s.LogOutput != "" {
		f, err := os.OpenFile(s.LogOutput, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return nil, inputError{fmt.Errorf("log-output: %w", err)}
		}
		out, l.file = f, f
	}
	options := &slog.HandlerOptions{Level: &l.level}
	if s.LogFormat == "json" {
		l.Logger = slog.New(slog.NewJSONHandler(out, options))
	} else {
		l.Logger = slog.New(slog.NewTextHandler(out, options))
	}
	return l, nil
}

func (l *logbook) close() {
	if l.file != nil {
		l.file.Close()
	}
}

// level returns what slog calls a log level that was checked already.
func level(word string) slog.Level {
	switch word {
	case "critical":
		return slog.LevelError + 4
	case "error":
		return slog.LevelError
	case "warning", "warn":
		return slog.LevelWarn
	case "debug":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}
