package token

// snapshot is one state of the key set, indexed for use. It is never changed,
// only replaced whole.
type snapshot struct {
	set      *keySet
	signing  *accessKey  // the active one
	deriving *refreshKey // the active one
	// byHeader finds a key by the first segment of its tokens, which says kid
	// and algorithm.
	byHeader map[string]*accessKey
	byKeyID  map[string]*accessKey  // by kid
	byID     map[uint32]*refreshKey // by the id in its tokens
	jwks     []byte
}

// newSnapshot refuses a set without an active key of each kind.
func newSnapshot(keys *keySet) (*snapshot, error) {
	s := &snapshot{
		set:      keys,
		byHeader: map[string]*accessKey{},
		byKeyID:  map[string]*accessKey{},
		byID:     map[uint32]*refreshKey{},
		jwks:     encodeJWKS(keys.access),
	}
	for i := range keys.access {
		s.addAccess(&keys.access[i])
	}
	for i := range keys.refresh {
		s.addRefresh(&keys.refresh[i])
	}
	if s.signing == nil || s.deriving == nil {
		return nil, ErrKeySet
	}
	return s, nil
}

func (s *snapshot) addAccess(key *accessKey) {
	s.byHeader[key.header] = key
	s.byKeyID[key.jwk.KeyID] = key
	if key.active() {
		s.signing = key
	}
}

func (s *snapshot) addRefresh(key *refreshKey) {
	s.byID[key.ID] = key
	if key.active() {
		s.deriving = key
	}
}
