package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"menshen/store"
)

// Populate fills an empty store with n users and all that may belong to them: some
// came from several apps, some were several users once, some are blocked, some hold
// a phone number. It is the same population each time, and passes the check.
func Populate(ctx context.Context, s store.Transferable, n int) error {
	reached, err := s.BeginTransfer(ctx, []byte("a population"))
	if err != nil {
		return err
	}
	for _, part := range store.Parts {
		for first := 0; first < n; first += populationBatch {
			batch := populationOf(part, first, min(n, first+populationBatch))
			next := store.Checkpoint{Origin: reached.Origin, Part: part, After: binary.AppendUvarint(nil, uint64(first))}
			if err := s.Receive(ctx, reached, next, batch); err != nil {
				return err
			}
			reached = next
		}
	}
	return s.EndTransfer(ctx)
}

// populationBatch is how many users come in one transaction.
const populationBatch = 500

// populationOf is what a part holds of the users from one to another.
func populationOf(part store.Part, from, to int) (batch store.Batch) {
	for i := from; i < to; i++ {
		p := inhabitant(i)
		switch part {
		case store.PartSecrets:
			batch.Secrets = append(batch.Secrets, p.secrets()...)
		case store.PartUsers:
			batch.Users = append(batch.Users, p.user())
		case store.PartSessions:
			batch.Sessions = append(batch.Sessions, p.session())
		case store.PartScanLogins:
			batch.ScanLogins = append(batch.ScanLogins, p.tickets()...)
		case store.PartAuditEvents:
			batch.AuditEvents = append(batch.AuditEvents, p.events()...)
		case store.PartMessages:
			batch.Messages = append(batch.Messages, p.messages()...)
		case store.PartActivity:
			batch.Activity = append(batch.Activity, p.activity()...)
		}
	}
	return batch
}

// inhabitant is one of a population, by number.
type inhabitant int

// one reports whether the inhabitant is one in n.
func (p inhabitant) one(in int) bool { return int(p)%in == 0 }

// arrived is when the inhabitant came: one a minute, all before begin.
func (p inhabitant) arrived() time.Time {
	return begin.AddDate(-5, 0, 0).Add(time.Duration(p) * time.Minute)
}

// id is one of the inhabitant's ids.
func (p inhabitant) id(prefix, what string) string {
	raw, _ := store.ParseID(prefix, store.NewID(prefix, p.arrived()))
	digest := sha256.Sum256(fmt.Appendf(nil, "%s %d", what, p))
	copy(raw[6:], digest[:])
	return raw.Text(prefix)
}

func (p inhabitant) userID() string    { return p.id(store.UserPrefix, "user") }
func (p inhabitant) sessionID() string { return p.id(store.SessionPrefix, "session") }
func (p inhabitant) hash() [32]byte    { return sha256.Sum256(fmt.Append(nil, p.userID())) }
func (p inhabitant) text(what string) store.Optional {
	return store.Optional(fmt.Sprintf("%s'%d\\ \"%%", what, p))
}

// apps are those that the inhabitant came from, the first one first.
func (p inhabitant) apps() []string {
	all := []string{app, otherApp, thirdApp}
	return all[:1+int(p)%len(all)]
}

func (p inhabitant) user() store.KeptUser {
	at := p.arrived()
	u := store.User{
		ID: p.userID(), Role: store.RoleUser, CreatedAt: at, LastLoginAt: at.Add(time.Second), LoginCount: 1 + int(p)%9,
		Profile: store.Profile{NickName: p.text("爱丽丝 🐼"), AvatarURL: p.text("https://"), Gender: store.Gender(p % 3), City: p.text("深圳"), UpdatedAt: at},
	}
	if p.one(2) {
		u.UnionID = p.text("union")
	}
	if p.one(4) {
		number := fmt.Sprintf("138%08d", p)
		u.Phone = &store.Phone{Number: number, PureNumber: number, CountryCode: "86", BoundAt: at}
	}
	if p.one(10) {
		u.EarlierUnionIDs = []string{string(p.text("earlier")), string(p.text("earliest"))}
		u.FormerIDs = []string{p.id(store.UserPrefix, "former"), p.id(store.UserPrefix, "once")}
	}
	if p.one(50) {
		u.BlockedAt, u.BlockedReason = at.Add(time.Hour), p.text("spam\n")
	}
	if p.one(1000) {
		u.Role = store.RoleAdmin
	}
	return p.withIdentities(u)
}

func (p inhabitant) withIdentities(u store.User) (kept store.KeptUser) {
	for n, appID := range p.apps() {
		u.Identities = append(u.Identities, store.Identity{
			AppID: appID, OpenID: p.openID(), LinkedAt: p.arrived().Add(time.Duration(n) * instant), ActiveOn: store.DayOf(p.arrived(), nil),
		})
		keys := []store.SessionKey{
			{Text: string(p.text("new key")), GivenAt: p.arrived()},
			{Text: string(p.text("old key")), GivenAt: p.arrived().Add(-time.Hour)},
		}
		kept.SessionKeys = append(kept.SessionKeys, keys[:1+n%2])
	}
	kept.User = u
	return kept
}

func (p inhabitant) openID() string { return fmt.Sprintf("open-id-of-%d", p) }

func (p inhabitant) session() store.Session {
	at := p.arrived()
	s := store.Session{
		ID: p.sessionID(), UserID: p.userID(), AppID: app, OpenID: p.openID(), CreatedAt: at, LastUsedAt: at, ExpiresAt: at.Add(life),
		UserAgent: p.text("MicroMessenger/8.0"), IPAddress: "192.0.2.1", Blocked: p.one(50),
		Refresh: store.RefreshToken{Generation: uint32(p % 5), KeyID: 7, Hash: p.hash(), IssuedAt: at},
	}
	if p.one(7) {
		s.Recent = []store.RefreshToken{s.Refresh, s.Refresh}
	}
	return s
}

func (p inhabitant) events() []store.AuditEvent {
	about := store.Optional(p.userID())
	return []store.AuditEvent{
		{ID: p.id(store.EventPrefix, "login"), At: p.arrived(), Action: store.ActionLogin, Actor: p.userID(), UserID: about, IPAddress: "2001:db8::1", Detail: app},
		{ID: p.id(store.EventPrefix, "role"), At: p.arrived(), Action: store.ActionSetRole, Actor: "operator", UserID: about, Detail: p.text("USER")},
	}
}

func (p inhabitant) tickets() []store.ScanLogin {
	if !p.one(100) {
		return nil
	}
	ticket := store.ScanLogin{
		ID: p.id(store.ScanLoginPrefix, "ticket"), AppID: app, SecretHash: p.hash(), Status: store.ScanLoginPending,
		CreatedAt: p.arrived(), ExpiresAt: p.arrived().Add(store.ScanLoginLife), UserAgent: p.text("Mozilla"),
	}
	claimed := ticket
	claimed.ID, claimed.IPAddress = p.id(store.ScanLoginPrefix, "claimed"), "198.51.100.9"
	claimed.Status, claimed.SessionID = store.ScanLoginDenied, p.sessionID()
	return []store.ScanLogin{ticket, claimed}
}

func (p inhabitant) messages() []store.KeptMessage {
	if !p.one(100) {
		return nil
	}
	return []store.KeptMessage{{ID: p.hash(), End: p.arrived().Add(store.MessageMemory)}}
}

func (p inhabitant) secrets() []store.KeptSecret {
	if p > 3 {
		return nil
	}
	return []store.KeptSecret{{Name: fmt.Sprint("secret ", int(p)), Value: slices.Repeat([]byte{byte(p), 0xff}, 5000*int(p))}}
}

// activity are the figures of the day on which the inhabitant is the first to come.
func (p inhabitant) activity() (rows []store.AppActivity) {
	day := store.DayOf(p.arrived(), nil)
	if p > 0 && store.DayOf((p-1).arrived(), nil) == day {
		return nil
	}
	const aDay = 24 * 60 // at one a minute
	all := store.AppActivity{Activity: store.Activity{Day: day, NewUsers: aDay, ActiveUsers: aDay, Logins: 3 * aDay}}
	rows = append(rows, all)
	for _, appID := range []string{app, otherApp, thirdApp} {
		all.AppID, all.Logins = appID, aDay
		rows = append(rows, all)
	}
	return rows
}
