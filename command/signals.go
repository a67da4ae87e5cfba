package command

// A wish is what a signal asks for.
type wish int

const (
	toStop   wish = iota // to end
	toReload             // to read the file again
	toPrint              // to print what has been done
)
