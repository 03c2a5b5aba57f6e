// Command knative-webhooks reads objects of Knative as a stream of YAML from its standard input and
// says what the webhooks of Serving and Eventing refuse of them: one line for each object that is
// refused, `Kind name: reason`. An object that was there before is an update of it.
//
// It runs their own code, with the settings of a cluster that is as the releases make it, and talks
// to nothing.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"knative.dev/eventing/pkg/apis/config"
	eventingv1 "knative.dev/eventing/pkg/apis/eventing/v1"
	"knative.dev/eventing/pkg/apis/feature"
	sourcesv1 "knative.dev/eventing/pkg/apis/sources/v1"
	"knative.dev/pkg/apis"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	servingv1beta1 "knative.dev/serving/pkg/apis/serving/v1beta1"
	sigsyaml "sigs.k8s.io/yaml"
)

type object interface {
	apis.Defaultable
	apis.Validatable
	metav1.Object
}

var kinds = map[string]func() object{
	"serving.knative.dev/v1 Service":            func() object { return &servingv1.Service{} },
	"serving.knative.dev/v1beta1 DomainMapping": func() object { return &servingv1beta1.DomainMapping{} },
	"eventing.knative.dev/v1 Broker":            func() object { return &eventingv1.Broker{} },
	"eventing.knative.dev/v1 Trigger":           func() object { return &eventingv1.Trigger{} },
	"sources.knative.dev/v1 PingSource":         func() object { return &sourcesv1.PingSource{} },
	"sources.knative.dev/v1 SinkBinding":        func() object { return &sourcesv1.SinkBinding{} },
}

// webhooks is what has been taken so far, by kind and name, in a cluster.
type webhooks struct {
	cluster context.Context
	taken   map[string]object
}

// review says why one object is refused; nothing when it is taken, or of another kind.
func (w webhooks) review(text []byte) (string, error) {
	var kind metav1.TypeMeta
	if err := sigsyaml.Unmarshal(text, &kind); err != nil {
		return "", err
	}
	made, known := kinds[kind.APIVersion+" "+kind.Kind]
	if !known {
		return "", nil
	}
	item := made()
	if err := sigsyaml.UnmarshalStrict(text, item); err != nil {
		return fmt.Sprintf("%s: %v", kind.Kind, err), nil
	}
	name := kind.Kind + " " + item.GetName()
	ctx := apis.WithinCreate(w.cluster)
	if before, there := w.taken[name]; there {
		ctx = apis.WithinUpdate(w.cluster, before)
	}
	item.SetDefaults(ctx)
	if errs := item.Validate(ctx).Filter(apis.ErrorLevel); errs != nil {
		return name + ": " + strings.Join(strings.Fields(errs.Error()), " "), nil
	}
	w.taken[name] = item
	return "", nil
}

// cluster is what the webhooks know of a cluster that nobody has configured.
func cluster() (context.Context, error) {
	flags, err := feature.NewFlagsConfigFromMap(nil)
	if err != nil {
		return nil, err
	}
	defaults, err := config.NewDefaultsConfigFromMap(map[string]string{
		"default-br-config": "clusterDefault: {brokerClass: MTChannelBasedBroker}",
	})
	if err != nil {
		return nil, err
	}
	ctx := config.ToContext(context.Background(), &config.Config{Defaults: defaults})
	return feature.ToContext(ctx, flags), nil
}

func run() error {
	ctx, err := cluster()
	if err != nil {
		return err
	}
	hooks := webhooks{cluster: ctx, taken: map[string]object{}}
	documents := yaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		reason, err := hooks.review(document)
		if err != nil {
			return err
		}
		if reason != "" {
			fmt.Println(reason)
		}
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
}
