package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"menshen/store"
)

// Sum is what a part comes to: how many records, and the SHA-256 of all of them in
// the order of their keys.
type Sum struct {
	Records int
	SHA256  [sha256.Size]byte
}

// Verdict is what a part comes to in both stores.
type Verdict struct {
	Part           store.Part
	Source, Target Sum
}

// Same reports whether the part is the same in both.
func (v Verdict) Same() bool { return v.Source == v.Target }

// verify reads both stores whole, side by side. Each part that is not the same is in
// the error.
func verify(ctx context.Context, source store.Snapshot, to store.Transferable, counted tally) (found []Verdict, err error) {
	group, groupCtx := errgroup.WithContext(ctx)
	var sources, targets []Sum
	group.Go(func() (err error) {
		sources, err = sums(groupCtx, source, counted.tell)
		return err
	})
	group.Go(func() error {
		return to.Snapshot(groupCtx, func(target store.Snapshot) (err error) {
			targets, err = sums(groupCtx, target, func(int) {})
			return err
		})
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, part := range store.Parts {
		v := Verdict{part, sources[i], targets[i]}
		if found = append(found, v); !v.Same() {
			err = errors.Join(err, fmt.Errorf("%w: %s", ErrDiffers, part))
		}
	}
	return found, err
}

// sums are what each part comes to, in the order of the parts.
func sums(ctx context.Context, s store.Snapshot, tell func(done int)) (all []Sum, err error) {
	done := 0
	for _, part := range store.Parts {
		sum, digest := Sum{}, sha256.New()
		for batch, err := range batches(ctx, s, part, nil) {
			if err != nil {
				return nil, err
			}
			digest.Write(canonical(batch))
			sum.Records += batch.Len()
			done += batch.Len()
			tell(done)
		}
		digest.Sum(sum.SHA256[:0])
		all = append(all, sum)
	}
	return all, nil
}
