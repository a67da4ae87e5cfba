package command

import "golang.org/x/sys/unix"

// manyDescriptors is for how many descriptors there is room from the start, in
// 128 KiB of the kernel's memory.
const manyDescriptors = 1 << 14

// growDescriptors makes room for many descriptors at once. The kernel doubles
// the table when it is full, and in a process of several threads waits 10 to 20 ms
// for all processors to agree (synchronize_rcu in expand_fdtable of Linux's
// fs/file.c), in which no connection is accepted and none made.
func growDescriptors() {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return
	}
	most := min(limit.Cur, manyDescriptors)
	if fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, int(most)-1); err == nil {
		unix.Close(fd)
	}
}
