// Package memory tells how much memory the process may use.
package memory

import (
	"sync"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Limit returns the bytes of memory that the process may use: the machine's, or
// the control group's if that is less. It returns 0 where nobody can tell.
var Limit = sync.OnceValue(func() uint64 {
	machine, err := memlimit.FromSystem()
	if err != nil {
		machine = 0
	}
	group, err := memlimit.FromCgroup()
	if err != nil || group == 0 || machine > 0 && group > machine {
		return machine
	}
	return group
})
