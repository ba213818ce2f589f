<?php
// The floor of `assay inproc` on PHP: the least that a script can do.
header('Content-Type: text/plain');
echo 'Hello World!';
