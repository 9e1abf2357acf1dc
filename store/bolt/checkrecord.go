package bolt

import (
	"bytes"
	"slices"
	"time"

	"menshen/store"
)

func (c *checker) checkSecret(key, _ []byte) {
	if _, err := c.secret(string(key)); err != nil {
		c.tell("keys: the secret %q does not open", key)
	}
}

func (c *checker) checkUser(key, value []byte) {
	c.found.Users++
	raw, ok := c.id(bucketUsers, key)
	if !ok {
		return
	}
	id := raw.Text(store.UserPrefix)
	user, err := c.decodeUser(raw, value)
	if err != nil {
		c.tell("users: %s does not read", id)
		return
	}
	if !raw.Time().Equal(user.CreatedAt) {
		c.tell("users: %s was not made when the id says", id)
	}
	if len(user.Identities) == 0 {
		c.tell("users: %s has no identity", id)
	}
	for _, former := range user.FormerIDs {
		if raw := rawUser(former); c.get(bucketUsers, raw[:]) != nil {
			c.tell("users: %s is there, and a former id of %s", former, id)
		}
	}
	list, err := c.entriesOf(user)
	if err != nil {
		c.tell("users: the phone number of %s cannot be looked up", id)
	}
	c.expect(id, list)
	for _, facet := range user.Facets() {
		c.facets[facet]++
	}
	for _, i := range user.Identities {
		c.checkLink(raw, i)
	}
	c.noteActive(user)
}

// checkLink expects an identity to name the user who has it.
func (c *checker) checkLink(user store.RawID, i store.Identity) {
	c.found.Identities++
	c.entries[string(bucketIdentities)]++
	id := user.Text(store.UserPrefix)
	who, known, err := c.identity(i.AppID, i.OpenID)
	switch {
	case err != nil:
		c.tell("identities: one of %s does not read", id)
	case !known:
		c.tell("identities: one of %s is missing", id)
	case who.user != user:
		c.tell("identities: one of %s names %s", id, who.user.Text(store.UserPrefix))
	case !slices.IsSortedFunc(who.keys, func(a, b store.SessionKey) int { return b.GivenAt.Compare(a.GivenAt) }):
		c.tell("identities: the session_keys of one of %s are out of order", id)
	}
	// Two keys that came at one instant have one entry.
	c.expect(id, slices.CompactFunc(who.ends(i.AppID, i.OpenID), entry.equal))
}

// noteActive counts the user on the last day on which they were active, of each
// app and of all. On an earlier day they may have been counted under a clock that
// was set back since.
func (c *checker) noteActive(user store.User) {
	last := map[string]store.Day{}
	for _, i := range user.Identities {
		last[""] = max(last[""], i.ActiveOn)
		last[i.AppID] = max(last[i.AppID], i.ActiveOn)
	}
	for appID, day := range last {
		if day > 0 { // version 1 did not write it down
			c.active[string(activityKey(day, appID))]++
		}
	}
}

// checkIdentity expects the user whom an identity names to have it.
func (c *checker) checkIdentity(key, value []byte) {
	raw := openRecord(value).id()
	user, err := c.facts(raw)
	switch {
	case err != nil:
		c.tell("identities: one names %s, who is not there or does not read", raw.Text(store.UserPrefix))
	case !user.HasIdentity(splitIdentityKey(key)):
		c.tell("identities: one names %s, who does not have it", user.ID)
	}
}

func (c *checker) checkSession(key, value []byte) {
	c.found.Sessions++
	raw, ok := c.id(bucketSessions, key)
	if !ok {
		return
	}
	id := raw.Text(store.SessionPrefix)
	session, err := decodeSession(raw, value)
	if err != nil {
		c.tell("sessions: %s does not read", id)
		return
	}
	if !session.Blocked {
		c.live++
	}
	owner := rawUser(session.UserID)
	c.expect(id, []entry{
		{bucketSessionsByUser, byUser(owner, raw), nil},
		{bucketSessionsByEnd, byEnd(session.ExpiresAt, raw), nil},
	})
	user, err := c.facts(owner)
	switch {
	case err != nil:
		c.tell("sessions: %s is one of %s, who is not there or does not read", id, session.UserID)
	case !user.HasIdentity(session.AppID, session.OpenID):
		c.tell("sessions: %s is of an identity that %s does not have", id, user.ID)
	case user.Blocked() && !session.Blocked:
		c.tell("sessions: %s goes on, and %s is blocked", id, user.ID)
	}
}

// checkScanLogin expects a ticket to be claimed by a session that is kept, if it is
// claimed at all.
func (c *checker) checkScanLogin(key, value []byte) {
	raw, ok := c.id(bucketScanLogins, key)
	if !ok {
		return
	}
	id := raw.Text(store.ScanLoginPrefix)
	ticket, err := decodeScanLogin(raw, value)
	if err != nil {
		c.tell("scan_logins: %s does not read", id)
		return
	}
	c.expect(id, entriesOfScanLogin(ticket))
	if ticket.CreatedAt.After(c.now.Add(aheadOfClock)) {
		c.tell("scan_logins: %s lies ahead of the clock, and stays until it is over: is the clock right?", id)
	}
	if (ticket.Status == store.ScanLoginPending) != (ticket.SessionID == "") {
		c.tell("scan_logins: %s is %s, which does not go with who claimed it", id, ticket.Status)
	}
	if ticket.SessionID == "" {
		return
	}
	session, err := c.keptSession(rawSession(ticket.SessionID))
	switch {
	case err != nil:
		c.tell("scan_logins: %s is claimed by %s, which is not there or does not read", id, ticket.SessionID)
	case session.AppID != ticket.AppID:
		c.tell("scan_logins: %s is claimed by %s, which is of another app", id, session.ID)
	}
}

// aheadOfClock is how far clocks may be apart.
const aheadOfClock = 24 * time.Hour

func (c *checker) checkEvent(key, value []byte) {
	c.found.AuditEvents++
	raw, ok := c.id(bucketAudit, key)
	if !ok {
		return
	}
	event, err := decodeEvent(raw, value)
	if err != nil {
		c.tell("audit: %s does not read", raw.Text(store.EventPrefix))
		return
	}
	if event.At.After(c.now.Add(aheadOfClock)) {
		c.tell("audit: %s lies ahead of the clock, and so will all that follow: is the clock right?", event.ID)
	}
	if !raw.Time().Equal(event.At) {
		c.tell("audit: %s did not happen when the id says", event.ID)
	}
	c.expect(event.ID, entriesOfEvent(raw, event))
}

func (c *checker) checkMessage(key, value []byte) {
	if len(key) != len(store.Withdrawal{}.MessageID) || len(value) != 8 {
		c.tell("messages: one does not read")
		return
	}
	c.expect("a message", []entry{{bucketMessagesByEnd, append(bytes.Clone(value), key...), nil}})
}

// checkActivity expects the figures of a day to agree: those of the apps among
// themselves, and with the users.
func (c *checker) checkActivity(key, _ []byte) {
	day, appID, ok := splitActivityKey(key)
	if !ok {
		c.tell("activity: a key of %d bytes is not a day", len(key))
		return
	}
	row, err := c.activity(day, appID)
	if err != nil {
		c.tell("activity: the figures of %s do not read", day)
		return
	}
	if row.ActiveUsers < c.active[string(key)] {
		c.tell("activity: of %s %d active users were counted, there are %d", day, row.ActiveUsers, c.active[string(key)])
	}
	delete(c.active, string(key))
	if appID != "" {
		if c.get(bucketActivity, activityKey(day, "")) == nil {
			c.tell("activity: %s has figures of an app and none of all", day)
		}
		return
	}
	sum := c.sumOfApps(day)
	if row.Logins != sum.Logins || row.NewUsers > sum.NewUsers || row.ActiveUsers > sum.ActiveUsers {
		c.tell("activity: the figures of %s are not those of its apps", day)
	}
}

func (c *checker) sumOfApps(day store.Day) (sum store.Activity) {
	all := activityKey(day, "")
	cursor := c.Bucket(bucketActivity).Cursor()
	for k, _ := cursor.Seek(all); bytes.HasPrefix(k, all); k, _ = cursor.Next() {
		if len(k) > len(all) {
			row, _ := c.activity(day, string(k[len(all):])) // zero when it does not read, which is told of the row itself
			sum = sum.Add(row)
		}
	}
	return sum
}

// checkFacet expects no counter of a facet without users.
func (c *checker) checkFacet(key, value []byte) {
	if c.facets[string(key)] == 0 && c.counter(bucketFacets, key) != 0 {
		c.tell("facets: %q is counted, and nobody is in it", key)
	}
	if len(value) != 8 {
		c.tell("facets: the counter of %q does not read", key)
	}
}
