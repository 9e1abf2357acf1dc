//go:build linux

package main_test

import (
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"
)

// manyDocuments is how many a hostile client makes up.
const manyDocuments = 10_000

// TestDistinctDocumentsAreForgotten sends documents that are all different and as
// long as a document may be, half of them as long as one that is remembered.
func TestDistinctDocumentsAreForgotten(t *testing.T) {
	a := newArena(t)
	a.restart()
	a.server.forgetPeak()
	before := a.server.cpu()
	visits := a.meanwhile(func() { a.flood(manyDocuments) })
	grown, used := a.server.memory("VmHWM")-a.idle, a.server.cpu()-before
	t.Logf("%d documents: %d MB beyond the idle server, %v of CPU each; meanwhile %s",
		manyDocuments, grown>>20, used/manyDocuments, visits)
	if grown > maxMemory {
		t.Errorf("%d distinct documents take %d MB", manyDocuments, grown>>20)
	}
}

// flood sends so many distinct documents, a few at once.
func (a *arena) flood(count int) {
	var all errgroup.Group
	all.SetLimit(attackers / 2)
	for n := range count {
		all.Go(func() error {
			length := 120_000
			if n%2 == 0 {
				length = 16_000
			}
			a.launch(distinct(n, length), 0)
			return nil
		})
	}
	all.Wait() // launch reports what goes wrong
}

// distinct is a valid document unlike every other, filled up to a length with
// what means nothing. It asks for much and has nothing carried out.
func distinct(n, length int) attack {
	text := fmt.Sprintf("query q%d{__typename %s}", n,
		numbered(8, "a%d:me@skip(if:true){id status role unionId createdAt identities{appId openId linkedAt}}"))
	return document("a distinct document", nobody, text+repeat(" ", length-len(text)))
}

const (
	manyDear = 100 // documents at once
	// fairVisits are a fraction of what an honest client has while nobody else waits
	// for more than its turn, and many times what it has in line with all the others.
	fairVisits = 20
)

// TestDearDocumentsTakeTurns sends many documents at once that no cache knows and
// that take as long to validate as any may.
func TestDearDocumentsTakeTurns(t *testing.T) {
	a := newEmptyArena(t)
	dear := document("repeats in 36 inline fragments", nobody, "{me"+repeat("{...", 36)+"{"+repeat(" id", 100)+"}"+repeat("}", 37))
	visits := a.meanwhile(func() {
		var all errgroup.Group
		for n := range manyDear {
			all.Go(func() error { a.launch(dear, n); return nil })
		}
		all.Wait() // launch reports what goes wrong
	})
	t.Log(visits)
	if visits.count < fairVisits {
		t.Errorf("%v, want at least %d of them", visits, fairVisits)
	}
}
