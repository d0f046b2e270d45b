# One image for every process of the product; the command decides which one it is.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends bash ca-certificates git python3 python3-pip nodejs npm \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home hotline
USER hotline
WORKDIR /home/hotline/app
COPY --chown=hotline . .
RUN ./hotline provision
ENV HOTLINE_HOST=0.0.0.0 HOTLINE_DEMO=0
EXPOSE 8345
CMD ["./hotline", "up", "--data", "/home/hotline/var"]
