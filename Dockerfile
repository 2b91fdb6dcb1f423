# The service in four variants, and the training pipeline:
#   docker build --build-arg VARIANT=cpu .          LiteRT on a CPU, without TensorFlow (the default)
#   docker build --build-arg VARIANT=tensorflow .   the SavedModel on a CPU
#   docker build --build-arg VARIANT=gpu .          the SavedModel on an NVIDIA GPU
#   docker build --build-arg VARIANT=ray .          LiteRT, with Ray: for the nodes of a cluster
#   docker build --target training .                the pipeline, with VARIANT=gpu too; it writes bundles to a volume
ARG PYTHON_IMAGE=python:3.12-slim-bookworm
ARG VARIANT=cpu

# ---- Packages: locked with hashes, wheels only, so that nothing of theirs runs here.
FROM ${PYTHON_IMAGE} AS packages-base
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_CACHE_DIR=/var/cache/pip
RUN python -m venv --without-pip /opt/venv

FROM packages-base AS packages-cpu
COPY requirements/service.txt /requirements.txt

FROM packages-base AS packages-tensorflow
COPY requirements/service-tensorflow.txt /requirements.txt

FROM packages-base AS packages-gpu
COPY requirements/service-gpu.txt /requirements.txt

FROM packages-base AS packages-ray
COPY requirements/service-ray.txt /requirements.txt

# hadolint ignore=DL3006
FROM packages-${VARIANT} AS packages
# pip's cache is a mount, which stays out of the image.
# hadolint ignore=DL3042
RUN --mount=type=cache,target=/var/cache/pip \
    pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: -r /requirements.txt
# Headers, for those who compile operations of their own, are a fifth of TensorFlow.
# /opt/venv/nvidia leads to CUDA's libraries whatever Python's version is, or nowhere without them.
RUN rm -rf /opt/venv/lib/python3*/site-packages/tensorflow/include \
 && ln -s "$(/opt/venv/bin/python -c 'import site; print(site.getsitepackages()[0])')/nvidia" /opt/venv/nvidia

FROM packages-base AS packages-training-cpu
COPY requirements/training.txt /requirements.txt

FROM packages-base AS packages-training-gpu
COPY requirements/training-gpu.txt /requirements.txt

# hadolint ignore=DL3006
FROM packages-training-${VARIANT} AS packages-training
# pip's cache is a mount, which stays out of the image.
# hadolint ignore=DL3042
RUN --mount=type=cache,target=/var/cache/pip \
    pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: -r /requirements.txt
RUN rm -rf /opt/venv/lib/python3*/site-packages/tensorflow/include \
 && ln -s "$(/opt/venv/bin/python -c 'import site; print(site.getsitepackages()[0])')/nvidia" /opt/venv/nvidia

# ---- Code: readable by everyone whatever the checkout's permissions are, with its byte code.
FROM ${PYTHON_IMAGE} AS service-code
COPY service /app/service
COPY clients/python/digitserve_client /app/digitserve_client
COPY docker/healthcheck.py LICENSE NOTICE /app/
RUN chmod -R a+rX /app && python -m compileall -q --invalidation-mode unchecked-hash /app

FROM service-code AS training-code
COPY training /app/training
RUN chmod -R a+rX /app && python -m compileall -q --invalidation-mode unchecked-hash /app

FROM ${PYTHON_IMAGE} AS models
COPY models /models
RUN chmod -R a+rX /models

# ---- What every image is made of.
FROM ${PYTHON_IMAGE} AS base
# /models is for bundles that the image does not have; a new volume there takes its owner.
RUN groupadd --system --gid 10001 digitserve \
 && useradd --system --uid 10001 --gid digitserve --home-dir /tmp --no-create-home digitserve \
 && install -d -o digitserve -g digitserve /models
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Slim images drop the byte code of the standard library, which a read-only container would make anew in each process.
RUN python -m compileall -q --invalidation-mode unchecked-hash \
    -x '/(ensurepip|idlelib|lib2to3|site-packages|test|tests|tkinter|turtledemo)/' \
    "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
ARG PYTHON_IMAGE
LABEL org.opencontainers.image.base.name="${PYTHON_IMAGE}" \
      org.opencontainers.image.title="digitserve" \
      org.opencontainers.image.description="Recognises handwritten digits over HTTP" \
      org.opencontainers.image.licenses="Apache-2.0"

FROM base AS cuda
# For the NVIDIA container toolkit: it brings the driver, and nothing else.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
# TensorFlow 2.21 does not look into cusolver/lib by itself, and would go on with the CPU in silence.
ENV CUDA=/opt/venv/nvidia
ENV LD_LIBRARY_PATH=$CUDA/cublas/lib:$CUDA/cuda_cupti/lib:$CUDA/cuda_nvrtc/lib:$CUDA/cuda_runtime/lib:$CUDA/cudnn/lib:$CUDA/cufft/lib:$CUDA/curand/lib:$CUDA/cusolver/lib:$CUDA/cusparse/lib:$CUDA/nccl/lib:$CUDA/nvjitlink/lib
# Programs that the driver compiles for GPUs newer than TensorFlow; a volume keeps them.
ENV CUDA_CACHE_PATH=/var/cache/cuda CUDA_CACHE_MAXSIZE=2147483648
RUN install -d -o digitserve -g digitserve /var/cache/cuda

# ---- The training pipeline.
FROM base AS training-cpu

FROM cuda AS training-gpu

# hadolint ignore=DL3006
FROM training-${VARIANT} AS training
# Keras and matplotlib write below their homes; runs, bundles and MNIST are kept in the volume.
ENV KERAS_HOME=/tmp/keras MPLCONFIGDIR=/tmp/matplotlib DIGITSERVE_CACHE=/training/cache
RUN install -d -o digitserve -g digitserve /training /training/models
COPY --from=packages-training /opt/venv /opt/venv
COPY --from=training-code /app /app
WORKDIR /training
USER 10001:10001
ENTRYPOINT ["python", "-m", "training"]
CMD ["--help"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"

# ---- The service.
FROM base AS service-cpu

FROM base AS service-tensorflow
ENV DIGITSERVE_ENGINE=tensorflow

FROM base AS service-ray
# KubeRay starts Ray in a shell that may not know PATH.
RUN ln -s /opt/venv/bin/ray /opt/venv/bin/serve /usr/local/bin/

FROM cuda AS service-gpu
ENV DIGITSERVE_ENGINE=tensorflow DIGITSERVE_REQUIRE_GPU=1

# hadolint ignore=DL3006
FROM service-${VARIANT} AS service
COPY --from=packages /opt/venv /opt/venv
COPY --from=models /models /app/models
COPY --from=service-code /app /app
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Failures count after the start period alone, and the first success ends it.
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s --start-interval=1s --retries=3 \
    CMD ["python", "-IS", "/app/healthcheck.py"]
ENTRYPOINT ["python", "-m", "service"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"
