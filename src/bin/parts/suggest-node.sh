# A call that found a node does not get here. The message below names a node to use: one in the caller's PATH or of a
# version manager; for root only one that root owns.
pm2_guard_seek "${PATH-}:" || pm2_guard_node=
for pm2_guard_node in "$pm2_guard_node" /snap/node/current/bin/node /opt/*[!.]/bin/node \
  /usr/local/*[!.]/versions/node/*[!.]/bin/node "${HOME-}"/.nvm/versions/node/*[!.]/bin/node NODE; do
  [ -f "$pm2_guard_node" ] && [ -x "$pm2_guard_node" ] && { [ -O "$pm2_guard_node" ] || ! [ -O / ]; } && break
done
