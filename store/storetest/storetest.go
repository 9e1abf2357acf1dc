// Package storetest is the law for engines of store.Store: a list of named
// tests that says in code what the interface says in words.
//
// An engine's own test calls Run with a Harness. Nothing here knows an engine;
// every test has a store of its own and moves its clock by hand.
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
	for _, law := range slices.Concat(laws, mergeLaws, administrationLaws, deletionLaws, auditLaws, directoryLaws, activityLaws) {
		t.Run(law.name, func(t *testing.T) { law.test(t, h) })
	}
}

// law is one named test.
type law struct {
	name string
	test func(*testing.T, Harness)
}

var laws = []law{
	{"a login of an unknown identity makes a user", testLoginNew},
	{"a login of a known identity finds its user", testLoginKnown},
	{"one openid in two apps is two identities", testLoginTwoApps},
	{"an identity joins the user who holds its unionid", testLoginJoins},
	{"no unionid joins nobody", testLoginNoUnionID},
	{"a login fills an empty unionid", testLoginFillsUnionID},
	{"another unionid is added to the one that a user has", testLoginAddsUnionID},
	{"a login merges the profile", testLoginProfile},
	{"a login clips the user agent", testLoginUserAgent},
	{"a login beyond the limit ends the oldest session", testLoginLimit},
	{"an expired session takes no live one's place", testLoginLimitExpired},
	{"sessions of others do not count against the limit", testLoginLimitOthers},
	{"times are UTC and kept to the millisecond", testTimes},

	{"session_keys come newest first", testSessionKeysOrder},
	{"answers that come out of order are put in order", testSessionKeysLate},
	{"the newest session_key, given again, keeps its time, an earlier one becomes the newest", testSessionKeysAgain},
	{"at most two earlier session_keys are kept", testSessionKeysCount},
	{"an earlier session_key is kept for 72 hours after it was replaced", testSessionKeysAge},
	{"each identity has its own session_keys", testSessionKeysApart},
	{"a login that fails keeps its session_key", testRefuseLogin},
	{"a login of an unknown identity that fails makes nothing", testRefuseLoginUnknown},

	{"a session dies at the instant it expires", testSessionExpiry},
	{"what is no id names nothing", testUnknownIDs},
	{"sessions are listed newest first", testSessionsOrder},
	{"a user ends one session", testEndSession},
	{"a user cannot end another's session", testEndSessionOfOther},
	{"a user ends all sessions", testEndSessions},
	{"a profile is kept without a login", testKeepProfile},
	{"a user changes their profile", testUpdateProfile},

	{"a refresh token is exchanged for its successor", testRefreshExchange},
	{"a refresh token gets the same successor within the grace", testRefreshRepeat},
	{"the grace ends after ten seconds", testRefreshGrace},
	{"a repeat is told the new generation's life", testRefreshRepeatLife},
	{"each token gets its own successor again for ten seconds", testRefreshChain},
	{"a flood of exchanges hides no theft", testRefreshFlood},
	{"a token two generations old is theft after the grace", testRefreshOlder},
	{"when the oldest session began is known", testOldestSession},
	{"a token from the future is refused without harm", testRefreshFuture},
	{"a token with a wrong hash is refused without harm", testRefreshWrongHash},
	{"each exchange extends the session", testRefreshExtends},
	{"an ended session refreshes no more", testRefreshEnded},

	{"a phone number is bound and found", testBindPhone},
	{"a number is one with and without its country code", testPhoneCanonical},
	{"a number that another user holds is refused", testPhoneTaken},
	{"a new number frees the old one", testPhoneRebind},
	{"a phone number is unbound", testUnbindPhone},

	{"there are no keys at first", testSecretNone},
	{"keys are kept by name", testSecretNames},
	{"an error of the change writes nothing", testSecretError},
	{"a change sees what the last one wrote", testSecretChange},

	{"a rotation adds a sealing key", testRotateSealing},
	{"a prune forgets the older sealing keys", testPruneSealing},
	{"a prune without older keys does nothing", testPruneNothing},
	{"a prune reaches every record", testPruneMany},

	{"a sweep removes what has expired and nothing else", testSweep},
	{"a sweep keeps to its limit", testSweepLimit},
	{"a sweep forgets session_keys after their time", testSweepSessionKeys},
	{"a sweep writes down when sessions were used", testSweepLastUsed},
	{"a sweep does not revive a session", testSweepEnded},

	{"everything survives reopening", testReopen},
	{"the laws know every verb", testVerbs},
	{"a closed store is unavailable", testClosed},
	{"a context that has ended begins nothing", testContextEnded},
	{"an open store answers a ping", testPing},
	{"every transaction is observed", testObserve},

	{"32 first logins of one identity make one user", testConcurrentFirstLogins},
	{"32 first logins with one unionid make one user", testConcurrentUnionID},
	{"32 refreshes of one token give one successor", testConcurrentRefresh},
	{"one phone number goes to one of many users", testConcurrentPhone},
	{"concurrent changes of keys lose nothing", testConcurrentSecret},
	{"logins go on while sealing keys rotate", testConcurrentSealing},
	{"64 callers of every verb leave the store in order", testConcurrentMix},

	{"any sequence of verbs agrees with a model", testModel},
}
