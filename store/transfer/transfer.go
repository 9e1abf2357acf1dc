// Package transfer copies a store to one of another engine: every record, with its
// ids and times, sealed again by the ring of the copy. What follows from the records,
// indexes and counters, the other engine makes itself.
//
// A copy that broke off is taken up where it stood, since a batch and how far it
// reaches are one transaction of the target. At the end both stores are read whole
// and compared.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"menshen/store"
)

// ErrDiffers is returned when the copy is not what its source is: the source has
// changed since the copy was begun, or somebody has written to the copy.
var ErrDiffers = errors.New("transfer: the copy differs from its source")

// Stage is what a transfer is doing.
type Stage string

// The stages, in their order.
const (
	Copying   Stage = "copying"
	Verifying Stage = "verifying"
)

// Progress is told after each batch how many records of a stage are done, of about
// how many.
type Progress func(stage Stage, done, about int)

// Copy copies a store as it is at one instant, verifies the copy and has it check
// itself. It tells what it found of each part, beside ErrDiffers too.
//
// A copy that a crash or an error has broken off is taken up by the next Copy of the
// same store. store.ErrNotEmpty when the target holds anything else. The target opens
// with store.Options.Unfinished only, until it is whole and verified;
// store.ErrDamaged when it does not pass its check.
func Copy(ctx context.Context, from, to store.Transferable, progress Progress) (found []Verdict, err error) {
	origin, err := from.Origin()
	if err != nil {
		return nil, err
	}
	reached, err := to.BeginTransfer(ctx, origin)
	if err != nil {
		return nil, err
	}
	about, err := size(ctx, from)
	if err != nil {
		return nil, err
	}
	err = from.Snapshot(ctx, func(source store.Snapshot) (err error) {
		if err := transcribe(ctx, source, to, reached, tally{Copying, about, progress}); err != nil {
			return err
		}
		found, err = verify(ctx, source, to, tally{Verifying, about, progress})
		return err
	})
	if err != nil {
		return found, err
	}
	if err := check(ctx, to); err != nil {
		return found, err
	}
	return found, to.EndTransfer(ctx)
}

// size is about how many records there are: those that a store has counted anyway.
func size(ctx context.Context, s store.Store) (int, error) {
	users, _, usersErr := s.CountUsers(ctx, store.UserFilter{})
	sessions, sessionsErr := s.CountSessions(ctx)
	events, _, eventsErr := s.CountAuditEvents(ctx, store.AuditFilter{})
	return users + sessions + events, errors.Join(usersErr, sessionsErr, eventsErr)
}

// tally tells of the records of a stage.
type tally struct {
	stage    Stage
	about    int
	progress Progress
}

func (t tally) tell(done int) { t.progress(t.stage, done, max(done, t.about)) }

// transcribe writes to the target what it has not got yet.
func transcribe(ctx context.Context, source store.Snapshot, to store.Transferable, reached store.Checkpoint, counted tally) error {
	first := slices.Index(store.Parts, reached.Part)
	if first < 0 {
		return fmt.Errorf("%w: the copy has come to a part that is none", store.ErrDamaged)
	}
	done, err := size(ctx, to)
	if err != nil {
		return err
	}
	after := reached.After
	for _, part := range store.Parts[first:] {
		for batch, err := range batches(ctx, source, part, after) {
			if err != nil {
				return err
			}
			next := store.Checkpoint{Origin: reached.Origin, Part: part, After: batch.Last}
			if err := to.Receive(ctx, reached, next, batch); err != nil {
				return err
			}
			reached = next
			done += batch.Len()
			counted.tell(done)
		}
		after = nil
	}
	return nil
}

// batchSize is how many records go into a transaction. A packet of them stays well
// below the four megabytes that MySQL 5.7 takes by default.
const batchSize = 500

// batches yields the records of a part behind a key. It ends with the first error.
func batches(ctx context.Context, s store.Snapshot, part store.Part, after []byte) iter.Seq2[store.Batch, error] {
	return func(yield func(store.Batch, error) bool) {
		for {
			batch, err := s.Records(ctx, part, after, batchSize)
			if err == nil && batch.Len() == 0 || !yield(batch, err) || err != nil {
				return
			}
			after = batch.Last
		}
	}
}

// check has a store check itself.
func check(ctx context.Context, s store.Store) error {
	first, problems := "", 0
	_, err := s.Check(ctx, func(sentence string) {
		if problems++; problems == 1 {
			first = sentence
		}
	})
	if err == nil && problems > 0 {
		err = fmt.Errorf("%w: the copy has %d problems, the first: %s", store.ErrDamaged, problems, first)
	}
	return err
}
