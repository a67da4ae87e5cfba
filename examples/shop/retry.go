package shop

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// attempts is how often something is tried in all.
const attempts = 3

// passing are the errors of a database that may do better next time: it could not
// serialize, or met a deadlock; is shut down, crashed or starting; is full.
var passing = []string{"40001", "40P01", "57P01", "57P02", "57P03", "53300"}

// retry calls f again if the connection was lost or the error is passing.
func retry(ctx context.Context, f func() error) error {
	for n := 1; ; n++ {
		err := f()
		if err == nil || n == attempts || ctx.Err() != nil || !worthRetrying(err) {
			return err
		}
		pause(ctx, time.Duration(n)*50*time.Millisecond)
	}
}

func worthRetrying(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return slices.Contains(passing, pg.Code)
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}

// pause waits for d, or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
