package bolt

import (
	"time"

	"menshen/store"
)

// directoryPrefix is what the keys of one facet in one order begin with.
func directoryPrefix(facet string, order store.UserOrderField) []byte {
	letter := byte('c')
	if order == store.ByLastLoginAt {
		letter = 'l'
	}
	return append([]byte(facet), 0, letter)
}

func directoryKey(facet string, order store.UserOrderField, t time.Time, user store.RawID) []byte {
	return append(directoryPrefix(facet, order), at(t, user[:])...)
}

func nickNameKey(folded string, user store.RawID) []byte {
	return append(append([]byte(folded), 0), user[:]...)
}

// splitNickNameKey returns the user of an entry in nicknames.
func splitNickNameKey(key []byte) (store.RawID, error) {
	end := len(key) - len(store.RawID{})
	if end < 1 || key[end-1] != 0 {
		return store.RawID{}, misnamed(bucketNickNames)
	}
	return rawID(key[end:]), nil
}
