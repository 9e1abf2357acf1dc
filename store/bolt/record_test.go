package bolt

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
	"menshen/store/seal"
)

// sealer is a transaction without a file: enough to pack and unpack records.
func sealer(t testing.TB) *tx {
	t.Helper()
	ring, err := seal.NewRing()
	if err != nil {
		t.Fatal(err)
	}
	return &tx{ring: ring, now: begin}
}

// anyText is text of any length, valid or not.
func anyText(random *rand.Rand) string {
	b := make([]byte, random.IntN(300))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return string(b)
}

// anyTime is a time that a record can hold, the zero time among them.
func anyTime(random *rand.Rand) time.Time {
	if random.IntN(4) == 0 {
		return time.Time{}
	}
	return time.UnixMilli(1 + random.Int64N(1<<42)).UTC()
}

func anyID(random *rand.Rand) (raw store.RawID) {
	for i := range raw {
		raw[i] = byte(random.Uint32())
	}
	return raw
}

func anyUser(random *rand.Rand) store.User {
	optional := func() store.Optional { return store.Optional(anyText(random)) }
	u := store.User{
		UnionID:   optional(),
		Role:      []store.Role{store.RoleUser, store.RoleAdmin}[random.IntN(2)],
		BlockedAt: anyTime(random), BlockedReason: optional(),
		CreatedAt: anyTime(random), LastLoginAt: anyTime(random), LoginCount: random.IntN(1 << 40),
		Identities: make([]store.Identity, random.IntN(4)),
		Profile: store.Profile{
			NickName: optional(), AvatarURL: optional(), Gender: store.Gender(random.IntN(5) - 1), Language: optional(),
			City: optional(), Province: optional(), Country: optional(), UpdatedAt: anyTime(random),
		},
	}
	for i := range u.Identities {
		u.Identities[i] = store.Identity{
			AppID: anyText(random), OpenID: anyText(random), LinkedAt: anyTime(random), ActiveOn: store.Day(random.Int32()),
		}
	}
	for range random.IntN(3) {
		u.FormerIDs = append(u.FormerIDs, anyText(random))
		u.EarlierUnionIDs = append(u.EarlierUnionIDs, anyText(random))
	}
	if random.IntN(2) == 0 {
		u.Phone = &store.Phone{Number: anyText(random), PureNumber: anyText(random), CountryCode: anyText(random), BoundAt: anyTime(random)}
	}
	return u
}

func anySession(random *rand.Rand) store.Session {
	s := store.Session{
		AppID: anyText(random), OpenID: anyText(random),
		CreatedAt: anyTime(random), LastUsedAt: anyTime(random), ExpiresAt: anyTime(random),
		UserAgent: store.Optional(anyText(random)), IPAddress: store.Optional(anyText(random)), Blocked: random.IntN(2) == 0,
		Refresh: store.RefreshToken{Generation: random.Uint32(), KeyID: random.Uint32(), IssuedAt: anyTime(random)},
	}
	for i := range s.Refresh.Hash {
		s.Refresh.Hash[i] = byte(random.Uint32())
	}
	return s
}

// anyScanLogin is a ticket of any state that is kept, opened when its id says.
func anyScanLogin(random *rand.Rand, id store.RawID) store.ScanLogin {
	l := store.ScanLogin{
		ID: id.Text(store.ScanLoginPrefix), AppID: anyText(random), Status: statusesKept[random.IntN(len(statusesKept))],
		CreatedAt: id.Time(), ExpiresAt: id.Time().Add(store.ScanLoginLife),
		IPAddress: store.Optional(anyText(random)), UserAgent: store.Optional(anyText(random)),
	}
	for i := range l.SecretHash {
		l.SecretHash[i] = byte(random.Uint32())
	}
	if random.IntN(2) == 0 {
		l.SessionID = anyID(random).Text(store.SessionPrefix)
	}
	return l
}

func TestRecordsReadAsWritten(t *testing.T) {
	tx, random := sealer(t), rand.New(rand.NewPCG(1, 2))
	same := func(got, want any, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	for range 200 {
		id := anyID(random)
		user := anyUser(random)
		user.ID = id.Text(store.UserPrefix)
		packed, err := tx.encodeUser(user)
		if err != nil {
			t.Fatal(err)
		}
		gotUser, err := tx.decodeUser(id, packed)
		same(gotUser, user, err)

		session := anySession(random)
		session.ID, session.UserID = id.Text(store.SessionPrefix), user.ID
		gotSession, err := decodeSession(id, encodeSession(session))
		same(gotSession, session, err)

		ticket := anyScanLogin(random, id)
		gotTicket, err := decodeScanLogin(id, encodeScanLogin(ticket))
		same(gotTicket, ticket, err)

		keys := make([]store.SessionKey, random.IntN(4))
		for i := range keys {
			keys[i] = store.SessionKey{Text: anyText(random), GivenAt: anyTime(random)}
		}
		sealed, err := tx.sealSessionKeys(keys, "record")
		if err != nil {
			t.Fatal(err)
		}
		gotKeys, err := tx.openSessionKeys(sealed, "record")
		same(gotKeys, keys, err)
	}
}

// FuzzDecode gives bytes to each decoder: it may refuse them, as ErrDamaged,
// or read a record that it reads again once packed.
func FuzzDecode(f *testing.F) {
	records, random := sealer(f), rand.New(rand.NewPCG(3, 4))
	id := anyID(random)
	user := anyUser(random)
	user.Phone = nil // what is sealed does not survive a change anyway
	packed, err := records.encodeUser(user)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(packed))
	f.Add([]byte(encodeSession(anySession(random))))
	f.Add(encodeScanLogin(anyScanLogin(random, id)))
	f.Add([]byte{recordVersion, 2, 1, 'k', 0, 0, 0})
	f.Add([]byte{recordVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, err := range []error{
			fuzzUser(t, records, id, b), fuzzSession(t, id, b), fuzzScanLogin(t, id, b), fuzzEvent(t, id, b),
			fuzzSessionKeys(t, records, b), fuzzPhone(t, records, b),
		} {
			if err != nil && !errors.Is(err, store.ErrDamaged) {
				t.Errorf("error %v, want ErrDamaged", err)
			}
		}
	})
}

func fuzzUser(t *testing.T, records *tx, id store.RawID, b []byte) error {
	user, err := records.decodeUser(id, b)
	if err != nil {
		return err
	}
	packed, err := records.encodeUser(user)
	reread, errAgain := records.decodeUser(id, packed)
	if diff := cmp.Diff(user, reread); err != nil || errAgain != nil || diff != "" {
		t.Errorf("%v, %v: %s", err, errAgain, diff)
	}
	return nil
}

func fuzzSession(t *testing.T, id store.RawID, b []byte) error {
	session, err := decodeSession(id, b)
	if err != nil {
		return err
	}
	reread, err := decodeSession(id, encodeSession(session))
	if diff := cmp.Diff(session, reread); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	return nil
}

func fuzzScanLogin(t *testing.T, id store.RawID, b []byte) error {
	ticket, err := decodeScanLogin(id, b)
	if err != nil {
		return err
	}
	reread, err := decodeScanLogin(id, encodeScanLogin(ticket))
	if diff := cmp.Diff(ticket, reread); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	return nil
}

func fuzzEvent(t *testing.T, id store.RawID, b []byte) error {
	event, err := decodeEvent(id, b)
	if err == nil && !bytes.Contains(b, []byte(event.Action)) {
		t.Errorf("action %q out of nowhere", event.Action)
	}
	return err
}

func fuzzSessionKeys(t *testing.T, records *tx, b []byte) error {
	sealed, err := records.ring.Seal(b, "record")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := records.openSessionKeys(sealed, "record")
	if len(keys) > len(b) {
		t.Errorf("%d session_keys out of %d bytes", len(keys), len(b))
	}
	return err
}

func fuzzPhone(t *testing.T, records *tx, b []byte) error {
	sealed, err := records.ring.Seal(b, phoneRecord("user"))
	if err != nil {
		t.Fatal(err)
	}
	return errorOf(records.openPhone(sealed, "user"))
}
