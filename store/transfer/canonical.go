package transfer

import (
	"encoding/binary"
	"reflect"
	"time"

	"menshen/store"
)

// canonical writes the records of a batch, such that only equal ones are written the
// same. It goes over the fields whatever they are: one that a record gets later cannot
// be forgotten here.
func canonical(batch store.Batch) (text []byte) {
	fields := reflect.ValueOf(batch)
	for i := range fields.NumField() {
		records := fields.Field(i)
		if records.Type().Elem().Kind() != reflect.Struct { // the last key
			continue
		}
		for i := range records.Len() {
			text = appendCanonical(text, records.Index(i))
		}
	}
	return text
}

var instant = reflect.TypeFor[time.Time]()

// appendCanonical writes texts, lists and what may be missing behind how long they
// are, numbers as varints, times in milliseconds, and structs field by field. An empty
// list is a list that is not there.
func appendCanonical(text []byte, v reflect.Value) []byte {
	if v.Type() == instant {
		return appendTime(text, v.Interface().(time.Time))
	}
	switch v.Kind() {
	case reflect.String:
		return append(binary.AppendUvarint(text, uint64(v.Len())), v.String()...)
	case reflect.Bool:
		if v.Bool() {
			return append(text, 1)
		}
		return append(text, 0)
	case reflect.Struct:
		for _, field := range v.Fields() {
			text = appendCanonical(text, field)
		}
		return text
	case reflect.Slice, reflect.Array:
		return appendList(text, v)
	case reflect.Pointer:
		if v.IsNil() {
			return append(text, 0)
		}
		return appendCanonical(append(text, 1), v.Elem())
	}
	if v.CanUint() {
		return binary.AppendUvarint(text, v.Uint())
	}
	return binary.AppendVarint(text, v.Int())
}

func appendList(text []byte, v reflect.Value) []byte {
	text = binary.AppendUvarint(text, uint64(v.Len()))
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return append(text, v.Bytes()...) // of an array too: it stands in a slice
	}
	for i := range v.Len() {
		text = appendCanonical(text, v.Index(i))
	}
	return text
}

// appendTime writes the zero time apart from 1970.
func appendTime(text []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(text, 0)
	}
	return binary.AppendVarint(append(text, 1), t.UnixMilli())
}
