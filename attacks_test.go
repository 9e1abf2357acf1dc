//go:build linux

package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// attack is a request that is meant to cost the server more than its sender.
type attack struct {
	name   string
	as     caller
	method string // POST if empty
	path   string // /graphql if empty
	header map[string]string
	body   func(n int) io.Reader // of the nth request, unlike the others so that no cache knows it
}

// caller gives the bearer token of the nth request.
type caller func(a *arena, n int) string

func nobody(*arena, int) string       { return "" }
func someUser(a *arena, _ int) string { return a.user.AccessToken }
func admin(a *arena, _ int) string    { return a.house.adminKey }

// everyAttack is the table.
func everyAttack() []attack {
	return slices.Concat(wideDocuments(), deepDocuments(), brokenDocuments(), honestDocuments(),
		values(), bodies(), oversized(), headers(), bearers(), arguments())
}

const (
	measured  = 4 // requests of each kind, alone
	attackers = 8 // at once, in the storm
)

// TestNoRequestCostsMuch measures each attack alone, and then lets all of them
// loose at once on a server that others use.
func TestNoRequestCostsMuch(t *testing.T) {
	a := newArena(t)
	var costs []cost
	for _, attack := range everyAttack() {
		c := a.measureAgain(attack, a.measure(attack))
		if c.cpu > maxCPU || c.memory > maxMemory {
			a.complain("%s costs %v of CPU and %d MB", c.attack, c.cpu, c.memory>>20)
		}
		costs = append(costs, c)
	}
	t.Log(costTable(costs))

	a.server.forgetPeak()
	before := a.server.cpu()
	visits := a.meanwhile(func() { a.storm(everyAttack()) })
	t.Logf("storm: %s; %v of CPU, %d MB", visits, a.server.cpu()-before, (a.server.memory("VmHWM")-a.idle)>>20)
}

// document is an attack by what is asked for.
func document(name string, as caller, text string) attack {
	return asking(name, as, text, "")
}

// asking is an attack by a document and members of the request beside it.
func asking(name string, as caller, text, members string) attack {
	return attack{name: name, as: as, body: func(n int) io.Reader {
		return strings.NewReader(`{"query":` + quote(text+strings.Repeat(" ", n)) + members + `}`)
	}}
}

// quote writes a text as JSON.
func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // strings are JSON
	}
	return string(b)
}

// numbered repeats a format with the numbers from 0.
func numbered(count int, format string) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
