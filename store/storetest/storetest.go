// Package storetest is the law for engines of store.Store: a list of named
// tests that says in code what the interface says in words.
//
// An engine's own test calls Run with a Harness. Nothing here knows an engine;
// every test has a store of its own and moves its clock by hand. Directory holds
// one large store, which the engine's test has filled, against a plain list.
package storetest

import (
	"slices"
	"testing"

	"menshen/store"
)

// Harness is how an engine makes its stores for the tests.
type Harness struct {
	// Open makes a fresh, empty store. The test's cleanup closes it; a store
	// that the test has closed already must not trouble it.
	Open func(t *testing.T, options store.Options) store.Store
	// Reopen closes a store that Open made and opens the same data again with
	// the same options. The test's cleanup closes the new one.
	Reopen func(t *testing.T, s store.Store) store.Store
}

// Run runs the law on an engine.
func Run(t *testing.T, h Harness) {
	for _, law := range slices.Concat(
		loginLaws, sessionKeyLaws, sessionLaws, refreshLaws, scanLoginLaws, claimLaws, ticketLaws, phoneLaws, mergeLaws,
		administrationLaws, deletionLaws, withdrawalLaws, exportLaws,
		auditLaws, directoryLaws, activityLaws,
		secretLaws, sealingLaws, leaseLaws, sharedLaws, sweepLaws, transferLaws, lifeLaws, concurrentLaws, modelLaws,
	) {
		t.Run(law.name, func(t *testing.T) { law.test(t, h) })
	}
}

// law is one named test.
type law struct {
	name string
	test func(*testing.T, Harness)
}
