package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sectionNames are those that a page can have, in the order they are printed.
var sectionNames = []string{"machine", "compare", "targets", "scale", "timing", "micro"}

func opening(name string) string { return "<!-- figures:" + name + " -->" }
func closing(name string) string { return "<!-- /figures:" + name + " -->" }

// fill replaces what is between the markers of each section by its new text. It
// fails when a marker is missing or there is more than one, or when a section
// reaches into the next: it would delete what others wrote.
func fill(page string, sections map[string]string) (string, error) {
	for _, name := range sectionNames {
		text, ok := sections[name]
		if !ok {
			continue
		}
		for _, marker := range []string{opening(name), closing(name)} {
			if n := strings.Count(page, marker); n != 1 {
				return "", fmt.Errorf("%d lines %q: there must be one %q and one %q", n, marker, opening(name), closing(name))
			}
		}
		before, rest, _ := strings.Cut(page, opening(name))
		old, after, found := strings.Cut(rest, closing(name))
		if !found {
			return "", fmt.Errorf("%q stands before %q: turn them round", closing(name), opening(name))
		}
		if strings.Contains(old, "<!-- figures:") || strings.Contains(old, "<!-- /figures:") {
			return "", fmt.Errorf("another section's marker stands between %q and %q: close each section before the next", opening(name), closing(name))
		}
		page = before + opening(name) + "\n" + strings.TrimSpace(text) + "\n" + closing(name) + after
	}
	for name := range sections {
		if !slices.Contains(sectionNames, name) {
			return "", fmt.Errorf("no section is called %q", name)
		}
	}
	return page, nil
}

// replace writes a file whole or not at all: readers see the old one or the new.
func replace(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".figures-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	if _, err := f.Write(content); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
