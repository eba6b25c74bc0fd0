package reports

import (
	"reflect"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// Normal returns a copy of v in the form that a JSON report has, so that the
// same data always makes the same bytes and reads back as it was written: no
// list is null, every string is UTF-8 (see spelled.Valid), and times are UTC to the
// millisecond. It walks the types so that no field can be forgotten.
func Normal[T any](v T) T {
	return copied(v, spelled.Valid)
}

// Visible returns a copy of v as a JSON report has it, with everything spelled out, besides, that a reader cannot
// see or that would act on a page (see spelled.Text).
func Visible[T any](v T) T { return copied(v, spelled.Text) }

func copied[T any](v T, text func(string) string) T {
	var out T
	copyNormal(reflect.ValueOf(&out).Elem(), reflect.ValueOf(&v).Elem(), text)
	return out
}

func copyNormal(dst, src reflect.Value, text func(string) string) {
	if src.Type() == reflect.TypeFor[time.Time]() {
		t := src.Interface().(time.Time)
		dst.Set(reflect.ValueOf(t.UTC().Truncate(time.Millisecond)))
		return
	}
	switch src.Kind() {
	case reflect.String:
		dst.SetString(text(src.String()))
	case reflect.Struct:
		for i := range src.NumField() {
			copyNormal(dst.Field(i), src.Field(i), text)
		}
	case reflect.Slice:
		dst.Set(reflect.MakeSlice(src.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			copyNormal(dst.Index(i), src.Index(i), text)
		}
	case reflect.Pointer:
		if !src.IsNil() {
			dst.Set(reflect.New(src.Type().Elem()))
			copyNormal(dst.Elem(), src.Elem(), text)
		}
	case reflect.Map:
		copyNormalMap(dst, src, text)
	default:
		dst.Set(src)
	}
}

func copyNormalMap(dst, src reflect.Value, text func(string) string) {
	if src.IsNil() {
		return
	}
	dst.Set(reflect.MakeMapWithSize(src.Type(), src.Len()))
	for it := src.MapRange(); it.Next(); {
		key := reflect.New(src.Type().Key()).Elem()
		value := reflect.New(src.Type().Elem()).Elem()
		copyNormal(key, it.Key(), text)
		copyNormal(value, it.Value(), text)
		dst.SetMapIndex(key, value)
	}
}

// normalText is Normal of a string.
func normalText(s string) string { return spelled.Valid(s) }
