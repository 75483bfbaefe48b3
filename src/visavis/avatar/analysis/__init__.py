"""Where the face of a picture is: found offline, in a process of its own which may use little memory and time.

`examination.examine` starts that process. What runs in it (`process`) decodes the picture, finds the face
(`detection`, `eyes`), fits the lips (`lips`) to a usual face (`template`), refuses what will not make a portrait
(`checks`), cuts it (`framing`), or follows the face through a film (`film`). `mesh` is for another interpreter
that has mediapipe.
"""
