package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

const (
	refreshPrefix  = "mrt_" // lets people and secret scanners know one when they see it
	refreshVersion = 1
	refreshFixed   = 1 + 4 + 4 // version, key id, generation

	// maxRefresh is the length of a refresh token in bytes; a longer text is
	// refused before any work.
	maxRefresh = 512

	// refreshDomain keeps what a refresh key authenticates apart from whatever
	// else it might one day.
	refreshDomain = "menshen refresh token\x00"
)

// Refresh is what a refresh token says. It is no secret; the token derived from
// it is.
type Refresh struct {
	SessionID  string
	Generation uint32 // counts the refreshes of the session
	KeyID      uint32 // the refresh key that derives the token
}

// NextRefresh names the refresh token of this session and generation under the
// active refresh key. Keep its KeyID as long as the same token may have to be
// given out again.
func (s *Signer) NextRefresh(sessionID string, generation uint32) Refresh {
	return Refresh{SessionID: sessionID, Generation: generation, KeyID: s.keys.Load().deriving.ID}
}

// RefreshToken derives the text of r, the same each time: mrt_ and, in
// base64url, a version byte, the key id and the generation (big-endian), the
// session id, and the HMAC-SHA256 of all these. ErrUnknownKey when the key is
// gone; ErrInvalid when the session id is empty or makes the text longer than
// 512 bytes.
func (s *Signer) RefreshToken(r Refresh) (string, error) {
	key := s.keys.Load().byID[r.KeyID]
	if key == nil {
		return "", ErrUnknownKey
	}
	message := []byte{refreshVersion}
	message = binary.BigEndian.AppendUint32(message, r.KeyID)
	message = binary.BigEndian.AppendUint32(message, r.Generation)
	message = append(message, r.SessionID...)
	raw := refreshPrefix + encode(append(message, key.tag(message)...))
	if r.SessionID == "" || len(raw) > maxRefresh {
		return "", fmt.Errorf("%w: session id of %d bytes", ErrInvalid, len(r.SessionID))
	}
	return raw, nil
}

// ParseRefresh reads a refresh token that RefreshToken made with a key that is
// still in the set, and nothing else, not even another spelling of it. It says
// what was issued, not what is still good: age, use and session are for the
// store. It fails with ErrInvalid, of which ErrUnknownKey is one.
func (s *Signer) ParseRefresh(raw string) (Refresh, error) {
	if len(raw) > maxRefresh {
		return Refresh{}, errTooLong
	}
	text, ok := strings.CutPrefix(raw, refreshPrefix)
	if !ok {
		return Refresh{}, errMalformed
	}
	data, ok := decode(text)
	if !ok || len(data) <= refreshFixed+sha256.Size || data[0] != refreshVersion {
		return Refresh{}, errMalformed
	}
	message, tag := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	r := Refresh{
		KeyID:      binary.BigEndian.Uint32(message[1:]),
		Generation: binary.BigEndian.Uint32(message[5:]),
		SessionID:  string(message[refreshFixed:]),
	}
	key := s.keys.Load().byID[r.KeyID]
	if key == nil {
		return Refresh{}, ErrUnknownKey
	}
	if !hmac.Equal(tag, key.tag(message)) {
		return Refresh{}, errSignature
	}
	return r, nil
}

// HashRefresh is what the store keeps of a refresh token: the SHA-256 of its
// text. The token holds 256 bits that nobody can guess, so no salt is needed.
func HashRefresh(raw string) [32]byte { return sha256.Sum256([]byte(raw)) }

func (k *refreshKey) tag(message []byte) []byte {
	mac := hmac.New(sha256.New, k.Secret)
	mac.Write([]byte(refreshDomain))
	mac.Write(message)
	return mac.Sum(nil)
}
