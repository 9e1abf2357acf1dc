package bolt

import (
	"errors"
	"slices"

	"menshen/store"
)

// statusesKept are the states that a record may have, by the number in it. That a
// ticket has expired is not written down.
var statusesKept = []store.ScanLoginStatus{
	store.ScanLoginPending, store.ScanLoginScanned, store.ScanLoginApproved, store.ScanLoginDenied, store.ScanLoginRedeemed,
}

// putScanLogin puts a ticket and, once a session has claimed it, its index.
func (t *tx) putScanLogin(ticket store.ScanLogin) error {
	id := rawScanLogin(ticket.ID)
	return errors.Join(
		t.put(bucketScanLogins, id[:], encodeScanLogin(ticket)),
		t.replace(nil, entriesOfScanLogin(ticket)),
	)
}

// entriesOfScanLogin returns everything that the indexes hold of a ticket.
func entriesOfScanLogin(ticket store.ScanLogin) []entry {
	if ticket.SessionID == "" {
		return nil
	}
	session, id := rawSession(ticket.SessionID), rawScanLogin(ticket.ID)
	return []entry{{bucketScanLoginsBySession, append(session[:], id[:]...), nil}}
}

// rawScanLogin returns the bare id of a ticket that the store made.
func rawScanLogin(id string) store.RawID {
	raw, _ := store.ParseID(store.ScanLoginPrefix, id)
	return raw
}

// encodeScanLogin leaves out when the ticket was opened, which its id says, and
// when it expires, which follows.
func encodeScanLogin(l store.ScanLogin) []byte {
	session := rawSession(l.SessionID)
	e := newRecord(256)
	e.text(l.AppID)
	e.raw(l.SecretHash[:])
	e.uint(uint64(slices.Index(statusesKept, l.Status)))
	e.optional(l.IPAddress)
	e.optional(l.UserAgent)
	e.raw(session[:])
	return e
}

func decodeScanLogin(raw store.RawID, b []byte) (store.ScanLogin, error) {
	d := openRecord(b)
	l := store.ScanLogin{
		ID: raw.Text(store.ScanLoginPrefix), CreatedAt: raw.Time(), ExpiresAt: raw.Time().Add(store.ScanLoginLife),
		AppID: d.text(),
	}
	copy(l.SecretHash[:], d.raw(len(l.SecretHash)))
	l.Status = d.scanLoginStatus()
	l.IPAddress, l.UserAgent = d.optional(), d.optional()
	if session := d.id(); session != (store.RawID{}) {
		l.SessionID = session.Text(store.SessionPrefix)
	}
	return l, d.err("scan login")
}

func (d *decoder) scanLoginStatus() store.ScanLoginStatus {
	n := d.uint()
	if n >= uint64(len(statusesKept)) {
		d.fail()
		return ""
	}
	return statusesKept[n]
}
