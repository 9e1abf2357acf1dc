// Package seal keeps secrets at rest.
//
// A Ring holds the keys that seal the records of a store (AES-256-GCM keysets
// of Tink, so that keys rotate and old values still open) and the key that
// hides what must be found again (HMAC-SHA256). The ring lives in the store,
// itself sealed with a Key that lives in a file beside it: instances share the
// ring and rotate it together, and a stolen store is worth nothing without the
// file.
//
// A value is sealed for one record, and its record's key goes in as associated
// data: copied into another record it does not open.
package seal

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrOpen is returned when a sealed value does not open: it was changed, it
// belongs to another record, or its key was pruned.
var ErrOpen = errors.New("seal: sealed value does not open")

// Ring is a set of sealing keys, one of them active. It never changes: Rotate
// and Prune return another one.
type Ring struct {
	sealing *keyset.Handle
	lookup  *keyset.Handle
	aead    tink.AEAD
	prf     *prf.Set
}

// sealedRing is a ring as it is written down. Each keyset is encrypted.
type sealedRing struct {
	Version int    `json:"version"`
	Sealing []byte `json:"sealing"`
	Lookup  []byte `json:"lookup"`
}

const ringVersion = 1

// The associated data of the two keysets, so that neither passes for the other.
var (
	sealingAD = []byte("menshen key ring: sealing")
	lookupAD  = []byte("menshen key ring: lookup")
)

// NewRing makes a ring with fresh keys.
func NewRing() (*Ring, error) {
	sealing, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("seal: new ring: %w", err)
	}
	lookup, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("seal: new ring: %w", err)
	}
	return newRing(sealing, lookup)
}

func newRing(sealing, lookup *keyset.Handle) (*Ring, error) {
	a, err := aead.New(sealing)
	if err != nil {
		return nil, fmt.Errorf("seal: ring: %w", err)
	}
	p, err := prf.NewPRFSet(lookup)
	if err != nil {
		return nil, fmt.Errorf("seal: ring: %w", err)
	}
	return &Ring{sealing: sealing, lookup: lookup, aead: a, prf: p}, nil
}

// OpenRing reads what Marshal wrote. ErrWrongKey when key does not open it.
func OpenRing(key Key, text []byte) (*Ring, error) {
	var doc sealedRing
	if err := json.Unmarshal(text, &doc); err != nil || doc.Version != ringVersion {
		return nil, errors.New("seal: not a key ring that this version reads")
	}
	sealing, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(doc.Sealing)), key.aead, sealingAD)
	if err != nil {
		return nil, ErrWrongKey
	}
	lookup, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(doc.Lookup)), key.aead, lookupAD)
	if err != nil {
		return nil, ErrWrongKey
	}
	return newRing(sealing, lookup)
}

// Marshal writes the ring, sealed with key.
func (r *Ring) Marshal(key Key) ([]byte, error) {
	var sealing, lookup bytes.Buffer
	err := errors.Join(
		r.sealing.WriteWithAssociatedData(keyset.NewBinaryWriter(&sealing), key.aead, sealingAD),
		r.lookup.WriteWithAssociatedData(keyset.NewBinaryWriter(&lookup), key.aead, lookupAD),
	)
	if err != nil {
		return nil, fmt.Errorf("seal: write ring: %w", err)
	}
	return json.Marshal(sealedRing{ringVersion, sealing.Bytes(), lookup.Bytes()})
}

// Seal closes a secret for the record that its key names.
func (r *Ring) Seal(secret []byte, record string) ([]byte, error) {
	sealed, err := r.aead.Encrypt(secret, []byte(record))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open returns what Seal closed for the same record, else ErrOpen.
func (r *Ring) Open(sealed []byte, record string) ([]byte, error) {
	secret, err := r.aead.Decrypt(sealed, []byte(record))
	if err != nil {
		return nil, ErrOpen
	}
	return secret, nil
}

// IsCurrent reports whether a sealed value names the active key as its own. It does
// not open it.
func (r *Ring) IsCurrent(sealed []byte) bool {
	// Tink puts a byte 1 and the key's id before each ciphertext: "Tink wire format",
	// output prefix.
	prefix := binary.BigEndian.AppendUint32([]byte{1}, r.sealing.KeysetInfo().GetPrimaryKeyId())
	return bytes.HasPrefix(sealed, prefix)
}

// Lookup hides a value so that it can still be found: the same value gives the
// same 32 bytes, and nobody without the ring can go through all phone numbers.
// Its key does not rotate, since the hidden values could not be found again.
func (r *Ring) Lookup(value string) ([]byte, error) {
	hidden, err := r.prf.ComputePrimaryPRF([]byte(value), 32)
	if err != nil {
		return nil, fmt.Errorf("seal: lookup: %w", err)
	}
	return hidden, nil
}

// Rotate returns the ring with a new active key; what older keys sealed still opens.
func (r *Ring) Rotate() (*Ring, error) {
	m := keyset.NewManagerFromHandle(r.sealing)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("seal: rotate: %w", err)
	}
	return r.manage(m, m.SetPrimary(id))
}

// Prune returns the ring with its active key alone.
func (r *Ring) Prune() (*Ring, error) {
	m := keyset.NewManagerFromHandle(r.sealing)
	var errs []error
	for _, k := range r.Keys() {
		if !k.Active {
			errs = append(errs, m.Delete(k.id))
		}
	}
	return r.manage(m, errors.Join(errs...))
}

func (r *Ring) manage(m *keyset.Manager, err error) (*Ring, error) {
	if err != nil {
		return nil, fmt.Errorf("seal: change ring: %w", err)
	}
	sealing, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("seal: change ring: %w", err)
	}
	return newRing(sealing, r.lookup)
}

// RingKey describes one sealing key.
type RingKey struct {
	ID     string
	Active bool
	id     uint32
}

// Keys lists the sealing keys, oldest first.
func (r *Ring) Keys() []RingKey {
	info := r.sealing.KeysetInfo()
	keys := make([]RingKey, 0, len(info.GetKeyInfo()))
	for _, k := range info.GetKeyInfo() {
		id := k.GetKeyId()
		keys = append(keys, RingKey{ID: strconv.FormatUint(uint64(id), 16), Active: id == info.GetPrimaryKeyId(), id: id})
	}
	return keys
}
