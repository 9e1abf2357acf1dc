package token

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"slices"
	"time"
)

// keySetVersion is that of the saved document. Another one is refused, never
// guessed at.
const keySetVersion = 1

// keySet is the keys as they are saved, each kind oldest first.
type keySet struct {
	access  []accessKey
	refresh []refreshKey
}

// document is the saved form: JSON, with the access keys as private JWKs (RFC
// 7517).
type document struct {
	Version int            `json:"version"`
	Access  []accessRecord `json:"access"`
	Refresh []refreshKey   `json:"refresh"`
}

type accessRecord struct {
	privateJWK
	lifetime
}

func (k *keySet) encode() ([]byte, error) {
	doc := document{Version: keySetVersion, Refresh: k.refresh}
	for _, key := range k.access {
		doc.Access = append(doc.Access, accessRecord{key.jwk, key.lifetime})
	}
	return json.Marshal(doc)
}

// decodeKeySet reads a saved document; of no bytes it makes an empty set. The
// cause of a failure is not told, since the JSON package quotes what it could
// not read.
func decodeKeySet(data []byte) (*keySet, error) {
	if data == nil {
		return &keySet{}, nil
	}
	var doc document
	if err := json.Unmarshal(data, &doc); err != nil || doc.Version != keySetVersion {
		return nil, ErrKeySet
	}
	keys := &keySet{refresh: doc.Refresh}
	for _, record := range doc.Access {
		key, err := record.key()
		if err != nil {
			return nil, err
		}
		keys.access = append(keys.access, key)
	}
	if !keys.sound() {
		return nil, ErrKeySet
	}
	return keys, nil
}

// sound reports whether no two keys share a name, no two of a kind are active,
// and every secret is whole.
func (k *keySet) sound() bool {
	names, active := map[string]bool{}, map[string]bool{}
	for _, info := range k.infos() {
		if names[info.ID] || info.Active && active[info.Use] {
			return false
		}
		names[info.ID] = true
		active[info.Use] = active[info.Use] || info.Active
	}
	return !slices.ContainsFunc(k.refresh, func(key refreshKey) bool { return len(key.Secret) != refreshKeySize })
}

// key makes the key anew from its private part and holds the record to the
// result, so that a damaged record neither publishes nor signs with something
// else.
func (r accessRecord) key() (accessKey, error) {
	d, ok := decode(r.D)
	if !ok {
		return accessKey{}, ErrKeySet
	}
	key, err := newAccessKey(r.Algorithm, d, r.lifetime)
	if err != nil {
		return accessKey{}, err
	}
	if key.jwk != r.privateJWK {
		return accessKey{}, ErrKeySet
	}
	return key, nil
}

// signs reports whether the active access key is of alg.
func (k *keySet) signs(alg Algorithm) bool {
	return k.algorithm() == alg
}

// algorithm returns that of the active access key, "" when there is none.
func (k *keySet) algorithm() Algorithm {
	for _, key := range k.access {
		if key.active() {
			return key.jwk.Algorithm
		}
	}
	return ""
}

// derives reports whether there is an active refresh key.
func (k *keySet) derives() bool {
	return slices.ContainsFunc(k.refresh, func(key refreshKey) bool { return key.active() })
}

// fill makes the keys that are missing. Those that another process made first
// are kept.
func (k *keySet) fill(alg Algorithm, now time.Time) error {
	if !k.derives() {
		k.rotateRefresh(now)
	}
	if k.signs(alg) {
		return nil
	}
	return k.rotateAccess(alg, now)
}

func (k *keySet) rotateAccess(alg Algorithm, now time.Time) error {
	now = wholeSeconds(now)
	key, err := generateAccessKey(alg, now)
	if err != nil {
		return err
	}
	for i := range k.access {
		k.access[i].retire(now)
	}
	k.access = append(k.access, key)
	return nil
}

func (k *keySet) rotateRefresh(now time.Time) {
	now = wholeSeconds(now)
	key := refreshKey{lifetime: lifetime{CreatedAt: now}, ID: k.freeID(), Secret: make([]byte, refreshKeySize)}
	rand.Read(key.Secret)
	for i := range k.refresh {
		k.refresh[i].retire(now)
	}
	k.refresh = append(k.refresh, key)
}

// freeID draws an id that no refresh key has.
func (k *keySet) freeID() uint32 {
	for {
		var b [4]byte
		rand.Read(b[:])
		id := binary.BigEndian.Uint32(b[:])
		if !slices.ContainsFunc(k.refresh, func(key refreshKey) bool { return key.ID == id }) {
			return id
		}
	}
}

// prune drops the retired access keys, and the refresh keys that were retired
// before the given instant.
func (k *keySet) prune(before time.Time) (dropped []string) {
	k.access = slices.DeleteFunc(k.access, func(key accessKey) bool {
		drop := !key.active()
		if drop {
			dropped = append(dropped, key.jwk.KeyID)
		}
		return drop
	})
	k.refresh = slices.DeleteFunc(k.refresh, func(key refreshKey) bool {
		drop := !key.active() && key.RetiredAt.Before(before)
		if drop {
			dropped = append(dropped, key.name())
		}
		return drop
	})
	return dropped
}

func (k *keySet) infos() []KeyInfo {
	var infos []KeyInfo
	for _, key := range k.access {
		infos = append(infos, key.info(key.jwk.KeyID, UseAccess, key.jwk.Algorithm))
	}
	for _, key := range k.refresh {
		infos = append(infos, key.info(key.name(), UseRefresh, hmacSHA256))
	}
	return infos
}

func wholeSeconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
