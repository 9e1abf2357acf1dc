package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// visitCommands has the operator's commands do their work, by a server that runs
// or without one.
func (tr *tour) visitCommands() {
	dir := tr.t.TempDir()
	backup := filepath.Join(dir, "backup")
	for _, command := range []struct {
		code int
		args []string
	}{
		{0, []string{"keys", "list"}},
		{0, []string{"keys", "rotate"}},
		{0, []string{"check"}},
		{0, []string{"backup", backup}},
		{1, []string{"backup", backup}}, // it is there already
		{0, []string{"export", tr.kept}},
		{1, []string{"export", "usr_nobody"}},
		{0, []string{"compact"}},
		{0, []string{"keys", "prune"}},
		{0, []string{"check"}},
		{1, []string{"restore", backup}}, // there is a store
	} {
		tr.command(tr.house.settings, command.code, command.args...)
	}
	elsewhere := filepath.Join(dir, "restored.db")
	tr.command(append(slices.Clone(tr.house.settings), "MENSHEN_STORE=bolt:"+elsewhere), 0, "restore", backup)
	for _, path := range []string{backup, elsewhere} {
		tr.keep(path)
	}
}

// command carries a command out and takes note of what it prints.
func (tr *tour) command(settings []string, code int, args ...string) {
	tr.t.Helper()
	got := run(tr.t, settings, args...)
	if got.code != code {
		tr.t.Errorf("menshen %s: exit code %d, want %d: %s", args, got.code, code, got.stderr)
	}
	tr.note(exchange{fmt.Sprint("menshen ", args), administrator, got.stderr, got.stdout})
}

// keep reads a copy of the store, to be searched when all secrets are known.
func (tr *tour) keep(path string) {
	tr.t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.backups[path] = file
}
