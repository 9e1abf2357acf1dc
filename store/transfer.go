package store

import (
	"context"
	"encoding/json"
	"fmt"
)

// Transferable is a store that can be copied to another engine, and be the copy.
type Transferable interface {
	Store

	// Origin names the store by 32 bytes that stay the same as long as it lives. A
	// file that was copied as a whole names the same.
	Origin() ([]byte, error)

	// Snapshot runs fn once with all records as they are at one instant, and returns
	// what fn returns. The Snapshot is not safe for concurrent use.
	Snapshot(ctx context.Context, fn func(Snapshot) error) error

	// BeginTransfer makes an empty store the copy of the one that an origin names and
	// returns how far the copy has come, which is further when it was begun before.
	// ErrNotEmpty when there is anything else in the store. Until EndTransfer it opens
	// with Options.Unfinished only.
	BeginTransfer(ctx context.Context, origin []byte) (Checkpoint, error)

	// Receive writes a batch, and that the copy has come from one point to another,
	// in one transaction. It is done again without harm. ErrNotEmpty when the copy has
	// come to neither point: somebody else writes.
	Receive(ctx context.Context, from, to Checkpoint, batch Batch) error

	// EndTransfer says that the copy is whole.
	EndTransfer(ctx context.Context) error
}

// Snapshot is the records of a store at one instant.
type Snapshot interface {
	// Records returns at most limit records of a part whose keys sort behind one; nil
	// sorts before all. An empty batch is the end. ErrDamaged for one that does not
	// read.
	Records(ctx context.Context, part Part, after []byte, limit int) (Batch, error)
}

// Checkpoint is how far a copy has come.
type Checkpoint struct {
	Origin []byte `json:"origin"` // of what is copied
	Part   Part   `json:"part"`   // in which it is
	After  []byte `json:"after"`  // the key of the last record that was copied
}

// FirstCheckpoint is where a copy of the store that an origin names begins.
func FirstCheckpoint(origin []byte) Checkpoint { return Checkpoint{Origin: origin, Part: Parts[0]} }

// Encode writes the checkpoint down.
func (c Checkpoint) Encode() []byte {
	text, _ := json.Marshal(c) // strings and bytes
	return text
}

// DecodeCheckpoint reads what Encode wrote. ErrDamaged.
func DecodeCheckpoint(text []byte) (c Checkpoint, err error) {
	if json.Unmarshal(text, &c) != nil {
		return c, fmt.Errorf("%w: how far the copy has come does not read", ErrDamaged)
	}
	return c, nil
}
