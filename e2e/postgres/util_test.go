package postgres

import (
	"errors"
	"fmt"
)

var errNotYet = errors.New("not yet")

func itoa(n uint32) string { return fmt.Sprint(n) }
