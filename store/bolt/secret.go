package bolt

import (
	"context"
	"fmt"

	"menshen/store"
)

// Secret returns what is kept under a name, nil when there is nothing.
func (s *Store) Secret(ctx context.Context, name string) (value []byte, err error) {
	err = s.view(ctx, "secret", func(t *tx) error {
		value, err = t.secret(name)
		return err
	})
	return value, err
}

// UpdateSecret replaces what is kept under a name by what change makes of it.
func (s *Store) UpdateSecret(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error {
	return s.update(ctx, "update_secret", func(t *tx) error {
		old, err := t.secret(name)
		if err != nil {
			return err
		}
		fresh, err := change(old)
		if err != nil {
			return err
		}
		return t.putSecret(name, fresh)
	})
}

func secretRecord(name string) string { return "keys/" + name }

func (t *tx) secret(name string) ([]byte, error) {
	sealed := t.get(bucketKeys, []byte(name))
	if sealed == nil {
		return nil, nil
	}
	value, err := t.ring.Open(sealed, secretRecord(name))
	if err != nil {
		return nil, fmt.Errorf("%w: secret %s: %w", store.ErrDamaged, name, err)
	}
	return value, nil
}

func (t *tx) putSecret(name string, value []byte) error {
	sealed, err := t.ring.Seal(value, secretRecord(name))
	if err != nil {
		return err
	}
	return t.put(bucketKeys, []byte(name), sealed)
}
