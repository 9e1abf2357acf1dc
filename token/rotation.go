package token

import (
	"context"
	"fmt"
	"time"
)

// Rotate makes a new access key of Options.Algorithm and a new refresh key, and
// retires those in use. When it returns nil the new keys are durable and sign
// from now on in this process; other processes learn of them by Reload.
func (s *Signer) Rotate(ctx context.Context) error {
	return s.update(ctx, func(k *keySet) error {
		k.rotateRefresh(s.now())
		return k.rotateAccess(s.opts.Algorithm, s.now())
	})
}

// Prune drops every retired access key, and each refresh key that was retired
// before the oldest session began: no token of it can come back, neither as the
// current one nor as one that was stolen long ago. A key that was retired within
// the last minute stays, since a login under way may yet bring a token of it;
// the zero time says that there is no session. Access tokens of the dropped keys
// are refused from then on, remembered ones too; in other processes, from their
// next Reload. It returns the ids of the dropped keys as Keys gives them.
func (s *Signer) Prune(ctx context.Context, oldestSession time.Time) (dropped []string, err error) {
	err = s.update(ctx, func(k *keySet) error {
		before := s.now().Add(-time.Minute)
		if !oldestSession.IsZero() && oldestSession.Before(before) {
			before = oldestSession
		}
		before = before.Add(-time.Second) // RetiredAt has lost its fraction
		dropped = k.prune(before)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return dropped, nil
}

// Reload is for a store that several processes share. It takes over the key set
// as last saved, which another process may have changed. On an error the present
// keys stay in use; ErrKeySet when the saved ones cannot be used.
func (s *Signer) Reload(ctx context.Context) error {
	s.replace.Lock()
	defer s.replace.Unlock()
	keys, err := s.load(ctx)
	if err != nil {
		return err
	}
	return s.swap(keys)
}

// Keys lists the key set without its secrets: access keys, then refresh keys,
// each oldest first.
func (s *Signer) Keys() []KeyInfo {
	return s.keys.Load().set.infos()
}

func (s *Signer) load(ctx context.Context) (*keySet, error) {
	data, err := s.opts.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("token: load key set: %w", err)
	}
	return decodeKeySet(data)
}

func (s *Signer) swap(keys *keySet) error {
	next, err := newSnapshot(keys)
	if err != nil {
		return err
	}
	s.keys.Store(next)
	return nil
}

// update changes the saved key set and, once that is durable, the one in use.
func (s *Signer) update(ctx context.Context, change func(*keySet) error) error {
	s.replace.Lock()
	defer s.replace.Unlock()
	var next *snapshot
	err := s.opts.Update(ctx, func(old []byte) ([]byte, error) {
		keys, err := decodeKeySet(old)
		if err != nil {
			return nil, err
		}
		if err := change(keys); err != nil {
			return nil, err
		}
		if next, err = newSnapshot(keys); err != nil {
			return nil, err
		}
		return keys.encode()
	})
	if err != nil {
		return fmt.Errorf("token: update key set: %w", err)
	}
	s.keys.Store(next)
	return nil
}
