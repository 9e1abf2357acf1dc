package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestProblemsAreCounted prints the first ones only.
func TestProblemsAreCounted(t *testing.T) {
	var text strings.Builder
	list := problems{w: &text}
	if err := list.end(); err != nil || text.Len() > 0 {
		t.Errorf("none: %v, %q", err, text.String())
	}
	for n := range maxProblems + 7 {
		list.add(fmt.Sprintf("problem <%d>", n))
	}
	err := list.end()
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint(maxProblems+7)) || !strings.HasSuffix(text.String(), "<99>\nand 7 more\n") {
		t.Errorf("%v, %q", err, text.String())
	}
}
