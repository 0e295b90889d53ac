# docker build --tag apicscope . && docker run --rm --publish 8000:8000 --volume apicscope:/data apicscope

# The base by its tag is what is newest today; whoever wants the same one tomorrow names it by its digest, which
# `docker buildx imagetools inspect python:3.11-slim` prints: --build-arg BASE=python:3.11-slim@sha256:…
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
WORKDIR /source
COPY . .
# A virtual environment travels as one folder; installed into from outside, it carries no pip.
RUN python -m venv --without-pip /opt/apicscope \
 && pip --python /opt/apicscope/bin/python install --no-cache-dir -c app/constraints.txt .

FROM ${BASE}
RUN useradd --uid 10001 --create-home apicscope && install --directory --owner 10001 --mode 700 /data
COPY --from=build /opt/apicscope /opt/apicscope
# Unbuffered: the log shows a line when it is written.
ENV PATH=/opt/apicscope/bin:$PATH PYTHONUNBUFFERED=1
# By number, so that an orchestrator can see that it is not root.
USER 10001
WORKDIR /home/apicscope
# What outlives the container; a new volume takes the owner of the folder.
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["apicscope", "--host", "0.0.0.0", "--data-dir", "/data"]
