package spec

import (
	"fmt"
	"regexp"
)

// A colon may stand in a name since tools name proxies after their upstream.
var nameShape = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,100}$`)

// CheckName says whether name can be a proxy's: 1 to 100 letters, digits, dots,
// colons, underscores and hyphens, but not one that means something else in a
// URL's path ("." and "..", and "-" for the default proxy).
func CheckName(name string) error {
	if !nameShape.MatchString(name) || name == "-" || name == "." || name == ".." {
		return fmt.Errorf("%.100q is not a name for a proxy: write letters, digits, '.', '_' and '-'", name)
	}
	return nil
}
