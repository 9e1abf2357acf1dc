package store

import "errors"

var (
	// ErrNotFound is returned when what an argument names is not there.
	ErrNotFound = errors.New("store: not found")

	// ErrSessionEnded is returned when a session is unknown, expired or ended, and
	// when a refresh token is refused without ending its session; which of them
	// is deliberately not told apart.
	ErrSessionEnded = errors.New("store: session ended")

	// ErrRefreshReused is returned when a refresh token comes back that was
	// exchanged longer than RefreshGrace ago. Somebody else has a copy, so the
	// session has been ended when this error is returned.
	ErrRefreshReused = errors.New("store: refresh token used twice")

	// ErrUserBlocked is returned when the user is blocked: at a login, and when a
	// session is used that the block has ended.
	ErrUserBlocked = errors.New("store: user blocked")

	// ErrPhoneTaken is returned when another user holds the phone number.
	ErrPhoneTaken = errors.New("store: phone number held by another user")

	// ErrScanLoginTaken is returned when a ticket is claimed or answered by somebody
	// who is not the user who claimed it.
	ErrScanLoginTaken = errors.New("store: scan login claimed by another user")

	// ErrInUse is returned by an engine whose data another process holds.
	ErrInUse = errors.New("store: in use by another process")

	// ErrNoStore is returned when a store is opened that must be there and is not.
	ErrNoStore = errors.New("store: there is none")

	// ErrUnfinished is returned when a store is opened that is half a copy of another.
	ErrUnfinished = errors.New("store: half a copy of another store: finish it, or drop it")

	// ErrNotEmpty is returned when a copy would come to a store that holds something.
	ErrNotEmpty = errors.New("store: not empty")

	// ErrNewer is returned when a newer Menshen has written the data.
	ErrNewer = errors.New("store: written by a newer version of menshen")

	// ErrDamaged is returned when the data does not read as it was written: one
	// record, or the whole of it when it is opened.
	ErrDamaged = errors.New("store: damaged")

	// ErrUnavailable is returned when the engine cannot do its work now: it is closed,
	// no server of its database can work, or an earlier write failed and nothing after
	// it can be trusted. What was asked has not happened, or may be asked again.
	ErrUnavailable = errors.New("store: unavailable")
)
