package store_test

import (
	"testing"
	"time"

	"menshen/store"
)

func TestScanLoginAt(t *testing.T) {
	end := begin.Add(store.ScanLoginLife)
	for status, atEnd := range map[store.ScanLoginStatus]store.ScanLoginStatus{
		store.ScanLoginPending:  store.ScanLoginExpired,
		store.ScanLoginScanned:  store.ScanLoginExpired,
		store.ScanLoginApproved: store.ScanLoginExpired,
		store.ScanLoginDenied:   store.ScanLoginDenied,
		store.ScanLoginRedeemed: store.ScanLoginRedeemed,
	} {
		ticket := store.ScanLogin{Status: status, CreatedAt: begin, ExpiresAt: end}
		if got := ticket.At(end.Add(-time.Millisecond)).Status; got != status {
			t.Errorf("%s is %s before its end", status, got)
		}
		if got := ticket.At(end).Status; got != atEnd {
			t.Errorf("%s is %s at its end, want %s", status, got, atEnd)
		}
		ahead := begin.Add(-store.ScanLoginLife)
		if got := ticket.At(ahead).Status; got != status {
			t.Errorf("%s is %s when the clocks differ by its life", status, got)
		}
		if got := ticket.At(ahead.Add(-time.Millisecond)).Status; got != atEnd {
			t.Errorf("%s is %s when it lies further ahead, want %s", status, got, atEnd)
		}
	}
}

func TestScanLoginAnswered(t *testing.T) {
	tests := []struct{ before, approved, denied store.ScanLoginStatus }{
		{store.ScanLoginPending, store.ScanLoginPending, store.ScanLoginPending},
		{store.ScanLoginScanned, store.ScanLoginApproved, store.ScanLoginDenied},
		{store.ScanLoginApproved, store.ScanLoginApproved, store.ScanLoginDenied},
		{store.ScanLoginDenied, store.ScanLoginDenied, store.ScanLoginDenied},
		{store.ScanLoginRedeemed, store.ScanLoginRedeemed, store.ScanLoginRedeemed},
		{store.ScanLoginExpired, store.ScanLoginExpired, store.ScanLoginExpired},
	}
	for _, test := range tests {
		ticket := store.ScanLogin{Status: test.before}
		if got := ticket.Answered(true).Status; got != test.approved {
			t.Errorf("%s becomes %s when approved, want %s", test.before, got, test.approved)
		}
		if got := ticket.Answered(false).Status; got != test.denied {
			t.Errorf("%s becomes %s when denied, want %s", test.before, got, test.denied)
		}
	}
}

func TestScanLoginHasSecret(t *testing.T) {
	ticket := store.ScanLogin{SecretHash: [32]byte{31: 1}}
	if !ticket.HasSecret([32]byte{31: 1}) || ticket.HasSecret([32]byte{31: 2}) || ticket.HasSecret([32]byte{}) {
		t.Error("it takes another secret than its own")
	}
}
