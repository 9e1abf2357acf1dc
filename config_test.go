package main

import (
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"menshen/gqlhttp"
)

// parsed are the settings of a command line for serve.
func parsed(t testing.TB, args ...string) settings {
	t.Helper()
	var c serveCommand
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return c.settings
}

// TestRepeatedSettingsAddUp gives several origins and proxies, as flags and in the variables.
func TestRepeatedSettingsAddUp(t *testing.T) {
	tests := []struct {
		name      string
		args      []string
		variables map[string]string
	}{
		{"flags", []string{"--cors-origin=https://a.example", "--cors-origin=https://b.example", "--trusted-proxies=10.0.0.0/8,192.0.2.1"}, nil},
		{"variables", nil, map[string]string{"MENSHEN_CORS_ORIGINS": "https://a.example;https://b.example", "MENSHEN_TRUSTED_PROXIES": "10.0.0.0/8,192.0.2.1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for name, value := range test.variables {
				t.Setenv(name, value)
			}
			s := parsed(t, test.args...)
			if diff := cmp.Diff(origins{"https://a.example", "https://b.example"}, s.CORSOrigins); diff != "" {
				t.Errorf("origins (-want +got):\n%s", diff)
			}
			if len(s.TrustedProxies) != 2 || s.TrustedProxies[0].String() != "10.0.0.0/8" || s.TrustedProxies[1].String() != "192.0.2.1/32" {
				t.Errorf("proxies %v", s.TrustedProxies)
			}
		})
	}
}

// TestTheLimitsOfDocumentsAreMeasured holds what is in force without a setting
// against what was measured.
func TestTheLimitsOfDocumentsAreMeasured(t *testing.T) {
	if diff := cmp.Diff(gqlhttp.Defaults, gqlhttp.Limits(parsed(t).Limits)); diff != "" {
		t.Errorf("the settings' defaults (-gqlhttp.Defaults +settings):\n%s", diff)
	}
}
