{{- /*
A server of one replica with a volume: `root`, its `name`, its `settings`, the `user` of its image, `args`, `env`, `ports` and `probe`
in YAML, where its `mounts` are. Its Service has the same name.
*/ -}}
{{- define "kneepoint.bundled" -}}
{{- $full := printf "%s-%s" (include "kneepoint.fullname" .root) .name -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $full }}
  labels:
    {{- include "kneepoint.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
spec:
  serviceName: {{ $full }}
  replicas: 1
  selector:
    matchLabels:
      {{- include "kneepoint.selector" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .name }}
  template:
    metadata:
      labels:
        {{- include "kneepoint.labels" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .name }}
        {{- with .root.Values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "kneepoint.serviceAccount" .root }}
      automountServiceAccountToken: false
      {{- include "kneepoint.pullSecrets" .root | nindent 6 }}
      securityContext:
        {{- include "kneepoint.podSecurity" .user | nindent 8 }}
      terminationGracePeriodSeconds: 60
      containers:
        - name: {{ .name }}
          image: {{ .settings.image }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- with .args }}
          args:
            {{- . | nindent 12 }}
          {{- end }}
          env:
            {{- .env | nindent 12 }}
          ports:
            {{- .ports | nindent 12 }}
          securityContext:
            {{- include "kneepoint.containerSecurity" . | nindent 12 }}
          startupProbe:
            {{- .probe | nindent 12 }}
            periodSeconds: 2
            failureThreshold: 90
          readinessProbe:
            {{- .probe | nindent 12 }}
            periodSeconds: 10
            timeoutSeconds: 5
          livenessProbe:
            {{- .probe | nindent 12 }}
            periodSeconds: 20
            timeoutSeconds: 5
            failureThreshold: 6
          resources:
            {{- toYaml .settings.resources | nindent 12 }}
          volumeMounts:
            {{- range $index, $path := .mounts }}
            - { name: {{ ternary "data" (printf "run-%d" $index) (eq $index 0) }}, mountPath: {{ $path }} }
            {{- end }}
      volumes:
        {{- range $index, $path := rest .mounts }}
        - name: run-{{ add1 $index }}
          emptyDir: {}
        {{- end }}
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .settings.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources: { requests: { storage: {{ .settings.storage }} } }
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $full }}
  labels:
    {{- include "kneepoint.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
spec:
  selector:
    {{- include "kneepoint.selector" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
  ports:
    {{- range fromYamlArray .ports }}
    - { name: {{ .name }}, port: {{ .containerPort }}, targetPort: {{ .name }} }
    {{- end }}
{{- end -}}

{{- define "kneepoint.bundledSecret" -}}
valueFrom: { secretKeyRef: { name: {{ include "kneepoint.fullname" .root }}-bundled, key: {{ .key }} } }
{{- end -}}
